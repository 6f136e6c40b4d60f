/* What a client asks, read from a JSON body. Unknown fields are ignored; those that are known must be possible. */
#ifndef PALAVER_SERVE_REQUEST_H
#define PALAVER_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/engine.h"
#include "serve/internal.h"
#include "serve/refusal.h"

enum { REQUEST_PROMPTS = 1024 }; /* of one request */

/* A request for an answer. */
struct request {
    bool chat;           /* in the form of chat completions */
    struct ids *prompts; /* (n_prompts) */
    bool *bos_added;     /* (n_prompts): that token of a prompt is the server's, not the client's */
    size_t n_prompts;
    struct sampling settings; /* max_new_tokens: -1 as many as the context allows */
    bool echo;                /* the answer begins with the prompt */
    bool logprobs;
    int32_t top; /* likeliest tokens at each place */
    bool stream, usage;
};
void request_free(struct request *r);

/* Reads the body of /v1/completions or, with chat, of /v1/chat/completions. False with *why filled. */
bool request_read(const struct serve *s, const char *body, size_t size, bool chat, struct request *out,
                  struct refusal *why);
/* Parses a body into an object that the caller owns; NULL with *why filled. */
json_t *request_parse(const char *body, size_t size, struct refusal *why);
/* Reads the messages of a chat as ids, the answer to come after them. */
bool request_read_messages(const struct serve *s, const json_t *body, struct ids *out, struct refusal *why);
/* Appends the ids of a text in which special tokens may be written out; with bos, that of a model that wants one comes
 * first unless the text begins with it, and *added is true. */
enum error_code request_encode(const struct serve *s, const char *text, size_t size, bool bos, struct ids *out,
                               bool *added, struct error *err);

#endif
