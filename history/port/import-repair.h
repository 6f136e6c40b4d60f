/* Mending JSON that is sound in structure but has characters or numbers that jansson refuses. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_REPAIR_H
#define PALAVER_HISTORY_PORT_IMPORT_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct repairs {
    size_t characters, numbers; /* replaced */
};

/* Appends bytes[0..size) to out with what can be mended mended; lines stay where they are. False when out is full or
 * out of memory. out needs at most six bytes for each of size. */
bool import_repair(const char *bytes, size_t size, struct buf *out, struct repairs *done);

#endif
