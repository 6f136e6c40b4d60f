/* Embeddings: what the server makes when its model is an encoder. Internal to the server. */
#ifndef PALAVER_SERVE_EMBED_H
#define PALAVER_SERVE_EMBED_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "serve/internal.h"
#include "serve/refusal.h"

struct embedder;

/* Opens the encoder of s->model and sets s->context. NULL on failure. */
struct embedder *embedder_open(struct serve *s, struct error *err);
void embedder_free(struct embedder *e);
/* Answers the body of /v1/embeddings; waits while another request has the encoder. On failure *why is filled. */
void embed_answer(const struct serve *s, const json_t *body, struct buf *out, struct refusal *why);

#endif
