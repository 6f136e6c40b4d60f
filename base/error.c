/* Errors: formatting with the first one winning. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Makes the message one line that may be shown: names from files come into it, whatever bytes they hold. */
static void make_one_line(char *text)
{
    size_t size = strlen(text), used;
    for (size_t i = 0; i < size; i += used) {
        uint32_t code = utf8_decode(text + i, size - i, &used);
        if (code == UTF8_INVALID || code == '\n' || code == '\t' || utf8_is_unsafe(code))
            memset(text + i, '?', used);
    }
}

enum error_code error_set(struct error *err, enum error_code code, const char *format, ...)
{
    if (err == NULL || err->code != ERR_NONE)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    make_one_line(err->message);
    err->code = code;
    return code;
}

enum error_code error_system(struct error *err, enum error_code code, int errnum, const char *format, ...)
{
    if (err == NULL || err->code != ERR_NONE)
        return code;
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof err->message)
        snprintf(err->message + used, sizeof err->message - (size_t)used, ": %s", strerror(errnum));
    make_one_line(err->message);
    err->code = code;
    return code;
}

enum error_code error_memory(struct error *err)
{
    return error_set(err, ERR_MEMORY, "out of memory");
}

void error_clear(struct error *err)
{
    if (err != NULL)
        *err = (struct error){0};
}
