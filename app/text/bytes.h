/* Bytes: sizes as people read them. */
#ifndef PALAVER_APP_TEXT_BYTES_H
#define PALAVER_APP_TEXT_BYTES_H

#include <stdint.h>

#define BYTES_TEXT 32

/* Writes e.g. "98.4 MB", decimal as disks are sold, and returns out. */
const char *bytes_text(uint64_t bytes, char out[BYTES_TEXT]);

#endif
