/* Endpoint scorer: a model that a server has, to be measured: texts as ids, how likely they are to it, answers in its own
 * words; many at once, for a thread that may wait. Part of the face of remote.
 *
 * A server can do this that tells the ids of a text (POST /tokenize) and the log-probabilities of a prompt (completions
 * with echo): vLLM, and palaver serve. Others are refused when it is opened. */
#ifndef PALAVER_REMOTE_ENDPOINT_SCORER_H
#define PALAVER_REMOTE_ENDPOINT_SCORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/endpoint.h"

/* Called on the thread that waits, several times a second. */
struct endpoint_watch {
    /* False stops. */
    bool (*go_on)(void *context);
    /* The server asked to come again, in so many seconds; 0: nobody waits (any more). */
    void (*waits)(void *context, int seconds, const char *host);
    void *context;
};

struct endpoint_scorer;
/* Opens a model of a server ("": its only one) and tries whether it can be measured. watch stays the caller's. NULL on
 * failure: ERR_UNSUPPORTED says what the server can't do. */
struct endpoint_scorer *endpoint_scorer_open(const struct endpoint_place *place, const char *model,
                                             const struct endpoint_watch *watch, struct error *err);
void endpoint_scorer_free(struct endpoint_scorer *s);

/* Strings are the scorer's. */
struct endpoint_scorer_about {
    const char *model; /* as the server calls it */
    const char *host;
    const char *fingerprint; /* system_fingerprint; "" for none */
    int32_t context;         /* tokens; 0: not told */
    int32_t longest;         /* text that it scores, in ids; 0: not told */
    int32_t lead;            /* the id that its texts begin with; -1: none */
};
struct endpoint_scorer_about endpoint_scorer_about(const struct endpoint_scorer *s);

/* A text and its ids, which are malloc'ed. */
struct endpoint_text {
    const char *text; /* size bytes of UTF-8 */
    size_t size;
    bool lead; /* behind the id that texts begin with, if the model has one */
    int32_t *ids;
    size_t n;
};
/* Fills ids and n of texts[0..n); those that were are to be freed, after a failure too. */
enum error_code endpoint_scorer_encode(struct endpoint_scorer *s, struct endpoint_text *texts, size_t n,
                                       struct error *err);

/* How likely ids[1..n) are, each behind those before it. Arrays are the caller's. */
struct endpoint_scored {
    const int32_t *ids; /* (n), n > 1 */
    size_t n;
    float *logp;  /* (n - 1) */
    bool *greedy; /* (n - 1): nothing would have been likelier */
};
/* Texts that are asked about in one request: those with the same beginning together. */
struct endpoint_group {
    struct endpoint_scored *texts;
    size_t n;
};
/* Fills groups[0..n), several at a time; `done` is called for each as it comes, in any order, and ends all unless it
 * returns ERR_NONE. */
typedef enum error_code endpoint_done(void *context, size_t i, struct error *err);
enum error_code endpoint_scorer_score(struct endpoint_scorer *s, struct endpoint_group *groups, size_t n,
                                      endpoint_done *done, void *context, struct error *err);

/* An answer: the likeliest token at each step. */
struct endpoint_writing {
    const int32_t *ids; /* (n) */
    size_t n;
    int32_t most;             /* tokens */
    const char *const *stops; /* (n_stops): it ends in front of any */
    size_t n_stops;
    const char *text; /* size bytes, until `done` returns */
    size_t size;
    bool cut; /* it has `most` tokens and would go on */
};
/* The same for answers. */
enum error_code endpoint_scorer_write(struct endpoint_scorer *s, struct endpoint_writing *writings, size_t n,
                                      endpoint_done *done, void *context, struct error *err);

/* Appends the bytes of a token: those that the server told beside its likelihoods, else it is asked. */
enum error_code endpoint_scorer_piece(struct endpoint_scorer *s, int32_t id, struct buf *out, struct error *err);

#endif
