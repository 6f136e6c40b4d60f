/* Stats: how long an answer took, for the terminal and for scripts. */
#ifndef PALAVER_APP_TERMINAL_STATS_H
#define PALAVER_APP_TERMINAL_STATS_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "engine/engine.h"

/* Two lines: the prompt, and the answer with the seed it was made from. */
void stats_print(FILE *out, const struct timings *t, uint64_t seed);
/* {"prompt_tokens", ...} and {"prefill_seconds", ...}; new references, NULL when out of memory. */
json_t *stats_usage(const struct timings *t);
json_t *stats_timings(const struct timings *t);
/* "end", "stop", "length", "context" or "stopped". */
const char *finish_name(enum finish finish);

#endif
