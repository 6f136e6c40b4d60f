/* Points in time as other programs write them. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_TIME_H
#define PALAVER_HISTORY_PORT_IMPORT_TIME_H

#include <stdint.h>

#include <jansson.h>

/* UTC milliseconds since 1970 from a number of seconds or milliseconds, or from a text: such a number, ISO 8601, or
 * one of the forms of SillyTavern (those are local time). otherwise when value is none of these or after the year
 * 9999. */
int64_t import_time(const json_t *value, int64_t otherwise);

#endif
