/* Stats: how long an answer took, for the terminal and for scripts. */
#ifndef PALAVER_APP_TERMINAL_STATS_H
#define PALAVER_APP_TERMINAL_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "engine/engine.h"

enum { STATS_LINE = 200 }; /* bytes that hold each of the two lines */

/* What was read, and what was written with the seed it was made from: a line each, without its end. */
void stats_write_prompt(const struct timings *t, char *out, size_t size);
void stats_write_answer(const struct timings *t, uint64_t seed, char *out, size_t size);
/* Prints both. */
void stats_print(FILE *out, const struct timings *t, uint64_t seed);
/* {"prompt_tokens", ...} and {"prefill_seconds", ...}; new references, NULL when out of memory. */
json_t *stats_usage(const struct timings *t);
json_t *stats_timings(const struct timings *t);
/* "end", "stop", "length", "context" or "stopped". */
const char *finish_name(enum finish finish);

#endif
