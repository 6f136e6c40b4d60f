/* Paths, and what is answered without the engine. Internal to the server. */
#ifndef PALAVER_SERVE_ROUTES_H
#define PALAVER_SERVE_ROUTES_H

#include "base/buf.h"
#include "serve/internal.h"
#include "serve/request.h"

enum route {
    ROUTE_NONE,         /* there is nothing at this path */
    ROUTE_WRONG_METHOD, /* not by this method */
    ROUTE_COMPLETIONS,
    ROUTE_CHAT,
    ROUTE_HEALTH,
    ROUTE_MODELS,
    ROUTE_MODEL,
    ROUTE_EMBEDDINGS,
    ROUTE_TOKENIZE,
    ROUTE_DETOKENIZE,
    ROUTE_TOKENIZER_INFO,
};

enum route route_find(const char *method, const char *path);
/* Appends the answer to out, or fills *why. Returns the status. Not for completions and chats. */
unsigned route_answer(const struct serve *s, enum route route, const struct buf *body, struct buf *out,
                      struct refusal *why);

#endif
