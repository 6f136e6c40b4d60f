/* Stats: how long an answer took, for people and for scripts. */
#ifndef PALAVER_APP_TERMINAL_STATS_H
#define PALAVER_APP_TERMINAL_STATS_H

#include <stdio.h>

#include <jansson.h>

#include "app/chat/chat.h"

/* Two lines. */
void stats_print(FILE *out, const struct chat_message *answer);
/* {"prompt_tokens", ...} and {"prefill_seconds", ...}; new references. */
json_t *stats_usage(const struct chat_message *answer);
json_t *stats_timings(const struct chat_message *answer);
/* "end", "stop", "length", "context" or "stopped". */
const char *finish_name(enum finish finish);

#endif
