/* Drawn: a file of vectors as the encoding of a history would leave it, made in a moment.
 *
 * Each message gets a vector that was drawn: a search takes the same time whatever the vectors say. */
#ifndef PALAVER_BENCH_DRAWN_H
#define PALAVER_BENCH_DRAWN_H

#include <stdbool.h>

/* Writes the file where programs with this home look for it, for data/palaver/history.db and the encoder at this path; false
 * with a message on standard error on failure. */
bool drawn_write(const char *home, const char *data, const char *encoder);

#endif
