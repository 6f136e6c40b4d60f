/* What tests of remote/ share: a server that behaves badly (server.py), a folder that models are fetched into, and what the
 * last call told and waited. */
#ifndef PALAVER_TESTS_UNIT_PULLING_H
#define PALAVER_TESTS_UNIT_PULLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { MODEL_BYTES = 200000 };

struct pulling {
    char served[64], folder[64];      /* what the server has; what is fetched into */
    unsigned char model[MODEL_BYTES]; /* served/model.gguf */
    char model_sum[65];               /* its SHA-256 */
    int port;
    const char *token, *sha256; /* for the next call; NULL: none */
    int64_t stop_at;            /* bytes after which the next call is stopped; -1: never */
    /* of the last call: */
    int waits, seconds, notes, checks;
    char note[600]; /* the last one, or why it waited */
    struct error err;
};

/* Group setup and teardown: *state is a struct pulling; without python3 it is NULL, and tests skip. */
int pulling_start(void **state);
int pulling_end(void **state);
/* The state, with an empty folder and nothing seen; skips the test without a server. */
struct pulling *pulling_begin(void **state);
/* Plans and pulls what is named; in it the server's address stands for every '^'. */
enum error_code pulling_pull(struct pulling *p, const char *name);
/* Writes served/NAME. */
void pulling_serve(struct pulling *p, const char *name, const void *bytes, size_t n);
/* Whether folder/NAME holds these bytes, or (bytes NULL) is there. */
bool pulling_has(const struct pulling *p, const char *name, const void *bytes, size_t n);
/* Bytes of folder/NAME; -1 when it is not there. */
int64_t pulling_size(const struct pulling *p, const char *name);
/* Entries of folder. */
int pulling_count(const struct pulling *p);
/* Lines of the requests since pulling_begin that hold the text. */
int pulling_requests(const struct pulling *p, const char *text);

#endif
