/* Kinds: servers of several kinds, and what each takes. Internal to remote. */
#ifndef PALAVER_REMOTE_KINDS_H
#define PALAVER_REMOTE_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "remote/endpoint.h"

/* The kind that calls itself so as the owner of a model (owned_by). */
enum endpoint_kind kind_by_owner(const char *owner);
/* The name under which a kind takes a setting; NULL: not by this kind. */
const char *kind_setting(enum endpoint_kind kind, const char *setting);
/* Whether settings without effect are sent too: what the server uses otherwise is not neutral. */
bool kind_has_defaults(enum endpoint_kind kind);
/* Alternatives of each token that it tells without being told that it may. */
int32_t kind_logprobs(enum endpoint_kind kind);
/* Requests that it is sent at a time: as many as it makes something of, by reading them together. */
size_t kind_width(enum endpoint_kind kind);
/* By how many ids a prompt whose likelihoods are wanted may be longer than the context: the last one is only predicted, but
 * some kinds make a token after it in any case. */
int32_t kind_scores_ahead(enum endpoint_kind kind);
/* Where it says with how much context its models are run, beside "/v1"; NULL: nowhere but in their list. */
const char *kind_contexts(enum endpoint_kind kind);
/* Whether it counts the tokens of messages; and whether it does so of the prompt that it makes of them, which is asked for
 * before. */
bool kind_counts(enum endpoint_kind kind);
bool kind_counts_rendered(enum endpoint_kind kind);
/* Adds what a kind needs to continue the last message. */
void kind_add_continuing(enum endpoint_kind kind, const struct endpoint_question *q, json_t *body);
/* Adds that, and what it needs to tell how far it has read. */
void kind_add_extras(enum endpoint_kind kind, const struct endpoint_question *q, json_t *body);

#endif
