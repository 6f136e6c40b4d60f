/* From the bytes of a file to JSON values. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_DECODE_H
#define PALAVER_HISTORY_PORT_IMPORT_DECODE_H

#include "history/port/import-reader.h"

/* One JSON value, or an array of the objects of a file with one object per line. A byte order mark is skipped;
 * characters and numbers that jansson refuses are mended and counted. NULL on failure, with the line and column in
 * im->err. */
json_t *import_decode(struct import *im, const char *bytes, size_t size);

#endif
