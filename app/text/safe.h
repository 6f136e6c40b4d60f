/* Safe: text that may hold anything, e.g. from a model file or a variable, on a stream.
 *
 * A terminal must not obey what it holds, so it gets control characters and the like as visible pictures; a pipe or a
 * file gets every byte. What the program prints without struct show is printed by these. */
#ifndef PALAVER_APP_TEXT_SAFE_H
#define PALAVER_APP_TEXT_SAFE_H

#include <stddef.h>
#include <stdio.h>

/* text[0..size) must end with a whole character. */
void safe_write(FILE *out, const char *text, size_t size);
void safe_printf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for JSON, or a piece of it: on a terminal unsafe characters are escaped, e.g. \u009b, which is the same JSON. */
void safe_json(FILE *out, const char *json, size_t size);

#endif
