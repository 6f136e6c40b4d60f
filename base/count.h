/* Counts as people read them. */
#ifndef PALAVER_BASE_COUNT_H
#define PALAVER_BASE_COUNT_H

#include <stddef.h>

enum { COUNT_TEXT = 32 }; /* bytes for any count, with its end */

/* Writes 1204 as "1,204", and returns out. */
const char *count_write(size_t n, char out[COUNT_TEXT]);

#endif
