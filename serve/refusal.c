/* Refusals. */
#include <config.h>

#include "serve/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

bool refuse(struct refusal *why, const char *param, const char *format, ...)
{
    if (why->error.code != ERR_NONE)
        return false;
    va_list args;
    va_start(args, format);
    char text[sizeof why->error.message];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    error_set(&why->error, ERR_ARGUMENT, "%s", text);
    snprintf(why->param, sizeof why->param, "%s", param);
    return false;
}
