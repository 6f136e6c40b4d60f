/* Safe: cleaning by base/utf8.h, which knows what is unsafe. */
#include <config.h>

#include "app/text/safe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

void safe_write(FILE *out, const char *text, size_t size)
{
    if (!isatty(fileno(out))) {
        fwrite(text, 1, size, out);
        return;
    }
    struct buf clean;
    buf_init(&clean, UTF8_CLEAN_GROWTH * size + 1);
    utf8_clean(&clean, text, size);
    fwrite(buf_text(&clean), 1, clean.size, out);
    buf_free(&clean);
}

void safe_printf(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    safe_write(out, text, (size_t)size);
    free(text);
}

/* As UTF-16, in which JSON's escapes are written. */
static void write_escape(FILE *out, uint32_t code)
{
    if (code == UTF8_INVALID)
        code = 0xFFFD;
    if (code > 0xFFFF)
        fprintf(out, "\\u%04x\\u%04x", 0xD800 + ((unsigned)(code - 0x10000) >> 10), 0xDC00 + (unsigned)(code & 0x3FF));
    else
        fprintf(out, "\\u%04x", (unsigned)code);
}

void safe_json(FILE *out, const char *json, size_t size)
{
    if (!isatty(fileno(out))) {
        fwrite(json, 1, size, out);
        return;
    }
    uint32_t before = 0;
    for (size_t at = 0, used; at < size; at += used) {
        uint32_t code = utf8_decode(json + at, size - at, &used);
        bool unsafe = code == UTF8_INVALID || utf8_hides(code, before) || (utf8_is_unsafe(code) && code != '\r');
        if (unsafe)
            write_escape(out, code);
        else
            fwrite(json + at, 1, used, out);
        before = unsafe ? ' ' : code;
    }
}
