/* Bytes: sizes as people read them. */
#include <config.h>

#include "app/text/bytes.h"

#include <stddef.h>
#include <stdio.h>

const char *bytes_text(uint64_t bytes, char out[BYTES_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1000;
    snprintf(out, BYTES_TEXT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return out;
}
