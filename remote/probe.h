/* Probe: small questions beside an answer, as JSON: with how much context a model is run, how many tokens a prompt has.
 * Internal to remote. */
#ifndef PALAVER_REMOTE_PROBE_H
#define PALAVER_REMOTE_PROBE_H

#include <stdint.h>

#include "base/buf.h"
#include "remote/endpoint.h"

/* Bodies to be POSTed; malloc'ed, NULL when out of memory. */
/* Ollama's POST /api/show. */
char *probe_show(const char *model);
/* The messages of a question, to be counted by the server's template and tokenizer: POST /tokenize of vLLM and of palaver
 * serve, POST /apply-template of llama-server. */
char *probe_messages(enum endpoint_kind kind, const struct endpoint_question *q);
/* llama-server's POST /tokenize, of what came back from /apply-template; NULL when that is no prompt too. */
char *probe_rendered(const struct buf *answer);

/* Tokens, of an answer to POST /tokenize; -1 when it tells none. */
int64_t probe_count(const struct buf *answer);

#endif
