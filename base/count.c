/* Counts as people read them. */
#include <config.h>

#include "base/count.h"

#include <stdio.h>

const char *count_write(size_t n, char out[COUNT_TEXT])
{
    char plain[24];
    size_t length = (size_t)snprintf(plain, sizeof plain, "%zu", n), at = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
    return out;
}
