/* What the files of the endpoint share. Internal to remote. */
#ifndef PALAVER_REMOTE_ENDPOINT_PARTS_H
#define PALAVER_REMOTE_ENDPOINT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/endpoint.h"

/* What a server said of itself; owned by endpoint.c, filled by endpoint-look.c. */
struct look {
    enum endpoint_kind kind;
    char **models;
    int32_t *contexts;
    bool *loose; /* the model's own, see endpoint_about */
    size_t n;
};

/* Takes the body of GET /models: {"data": [{"id", "owned_by", "max_model_len", "meta": {"n_ctx"}}, ...]}. ERR_FORMAT when it
 * is none. */
enum error_code look_take_models(struct look *l, const struct buf *body, struct error *err);
/* Takes that of kind_contexts; what is not there is no error. */
void look_take_contexts(struct look *l, const struct buf *body);
/* Takes that of Ollama's POST /api/show about model i, if its context is not known better. */
void look_take_shown(struct look *l, size_t i, const struct buf *body);
void look_free(struct look *l);
/* The model of that name; "": the only one there is. llama-server takes any name for its one. ERR_NOT_FOUND with the names
 * that there are. */
enum error_code look_choose(const struct look *l, const char *host, const char *name, size_t *out, struct error *err);

#endif
