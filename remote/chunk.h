/* Chunk: one JSON object of a server's answer, a piece of a stream or the whole of it, in whichever dialect. Internal to
 * remote.
 *
 * The forms that are read: chat completions, streamed ("delta") and whole ("message"); completions ("text"); errors as
 * OpenAI, llama-server, vLLM, FastAPI and Ollama write them; tokens with log-probabilities in the shape of chats and in
 * that of completions. Anything may be missing, null, or of a type that nobody expects. */
#ifndef PALAVER_REMOTE_CHUNK_H
#define PALAVER_REMOTE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "remote/remote.h"

/* Strings are borrowed from the JSON object, which the struct owns; NULL where there is none. */
struct chunk {
    json_t *root;
    const char *text, *reasoning; /* of the answer, size bytes */
    size_t text_size, reasoning_size;
    const char *finish;          /* why it ends: "stop", "length", ... */
    const char *fingerprint;     /* system_fingerprint */
    struct endpoint_usage usage; /* as far as it tells */
    bool has_progress;
    int64_t done, total;           /* tokens of the prompt that are read, where it tells */
    struct endpoint_token *tokens; /* (n_tokens), malloc'ed; texts as above, or in bytes */
    size_t n_tokens;
    char *bytes;       /* the texts of tokens that came as numbers */
    const char *fault; /* an error's words */
    const char *fault_kind;
    int64_t fault_prompt, fault_context; /* tokens, where the error is that a prompt is too long; -1: not told */
};

/* Reads json[0..size). ERR_FORMAT when it is no JSON object; then there is nothing to free. */
enum error_code chunk_read(const char *json, size_t size, struct chunk *out, struct error *err);
void chunk_free(struct chunk *c);

/* Takes from `more` what u does not have. */
void usage_add(struct endpoint_usage *u, const struct endpoint_usage *more);

#endif
