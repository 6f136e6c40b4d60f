/* Endpoints: models that servers have, asked over HTTP in the dialect of OpenAI's API. Part of the face of remote.
 *
 * One endpoint belongs to one thread, which never waits for it: a descriptor is readable when there is something to do,
 * and endpoint_next does what there is without waiting. What goes over the network goes to the address of the endpoint
 * and nowhere else; a redirect to another host is refused. A key is sent there alone, and stands in no message.
 *
 *   endpoint       asking and being answered, one request at a time
 *   endpoint-look  what a server says of itself: its kind, its models, their contexts
 *   kinds          servers of several kinds: which settings they take under which names
 *   probe          small questions beside it: a model's context, how many tokens a prompt has
 *   body           a question as JSON
 *   inflow         the bytes of an answer as events
 *   fault          what went wrong in the server's words, and what to do about it
 *   sse chunk      events of a stream; one JSON object of it
 *   wire           libcurl in the caller's poll loop
 *   endpoint-scorer  texts as ids, their likelihoods, and answers, many at once; its own header is part of the face
 *   lanes pieces   requests several at a time; the texts of tokens that they told
 *   key            where a key comes from */
#ifndef PALAVER_REMOTE_ENDPOINT_H
#define PALAVER_REMOTE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct endpoint;

enum endpoint_kind {
    ENDPOINT_ANY, /* find out */
    ENDPOINT_OPENAI,
    ENDPOINT_VLLM,
    ENDPOINT_LLAMA_SERVER,
    ENDPOINT_OLLAMA,
    ENDPOINT_LM_STUDIO,
    ENDPOINT_PALAVER,
    ENDPOINT_KINDS,
};
/* "openai", "vllm", ... */
const char *endpoint_kind_name(enum endpoint_kind kind);
/* ENDPOINT_KINDS when there is no kind of that name. */
enum endpoint_kind endpoint_kind_named(const char *name);

/* Where an endpoint is, as its user wrote it down. */
struct endpoint_place {
    char *name;
    char *url;                                   /* "http://HOST:PORT/v1" */
    char *key_variable, *key_file, *key_command; /* where its key is; all NULL: it needs none */
    char *ca;                                    /* file of certificates that are trusted besides; NULL: none */
    enum endpoint_kind kind;
    int32_t context;  /* tokens; 0: as the server says */
    int32_t logprobs; /* alternatives of each token to ask for; -1: as the kind can */
    int32_t idle;     /* seconds without a byte after which an answer is given up; 0: never */
    bool titles;      /* its models may be asked to name conversations */
};
/* Whether everybody on the way can read what is sent. */
bool endpoint_is_clear(const char *url);
/* The host and port of an address, for people; malloc'ed, NULL when out of memory. */
char *endpoint_host(const char *url);
/* Copies all that it points to; false when out of memory, with what was copied to be freed. */
bool endpoint_place_copy(struct endpoint_place *out, const struct endpoint_place *p);
/* Frees what it points to. */
void endpoint_place_free(struct endpoint_place *p);

/* ---- what is asked ---- */

struct endpoint_message {
    const char *role; /* "system", "user", "assistant" */
    const char *text; /* size bytes of UTF-8 */
    size_t size;
};
/* A setting by its name here; see sampling_fields. */
struct endpoint_setting {
    const char *name;
    double value;
    bool neutral;  /* it has no effect */
    uint64_t seed; /* of "seed", in place of value */
};
struct endpoint_question {
    const char *model;
    const struct endpoint_message *messages; /* (n) */
    size_t n;
    bool continues; /* the last message is an answer that is to be continued */
    const struct endpoint_setting *settings;
    size_t n_settings;
    const char *const *stops; /* (n_stops) */
    size_t n_stops;
    /* Tokens that the prompt may have; 0: any number. A server that counts is asked to count it first, and one with more is not
     * sent: ENDPOINT_FAILED with ERR_CONTEXT. */
    size_t most;
};

/* ---- what comes ---- */

enum { ENDPOINT_BEST = 20 };

struct endpoint_candidate {
    const char *text; /* size bytes, of any kind */
    size_t size;
    float logp; /* -INFINITY: none */
};
struct endpoint_token {
    const char *text;
    size_t size;
    float logp;
    struct endpoint_candidate best[ENDPOINT_BEST]; /* the likeliest, likeliest first */
    size_t n_best;
};
/* -1: not told. */
struct endpoint_usage {
    int64_t prompt_tokens, cached_tokens, answer_tokens;
};

enum endpoint_event_kind {
    ENDPOINT_KNOWN,   /* endpoint_look is through: endpoint_about says what it found */
    ENDPOINT_READING, /* the prompt is read: done of total tokens, 0 of 0 where the server does not tell; each second */
    ENDPOINT_WAITING, /* the server asked to come again: in `seconds`; `text` says why */
    ENDPOINT_TEXT,    /* text, and the token that it is of where the server tells */
    ENDPOINT_DONE,    /* the answer ended: finish; usage */
    ENDPOINT_FAILED,  /* error; what had come stays good */
};
/* Pointers stay valid until the next call of the endpoint. */
struct endpoint_event {
    enum endpoint_event_kind kind;
    const char *text;
    size_t size;
    const struct endpoint_token *token; /* NULL: not told */
    int64_t done, total; /* of ENDPOINT_FAILED with ERR_CONTEXT: the prompt's tokens, and the context's; 0: not told */
    int64_t counted;     /* at the end: tokens of the prompt as the server counted before it was asked; 0: it did not */
    int seconds;
    enum endpoint_finish { ENDPOINT_ENDED, ENDPOINT_LENGTH, ENDPOINT_STOPPED } finish;
    struct endpoint_usage usage;
    struct error error;
};

/* What a server says of itself. Strings are the endpoint's. */
struct endpoint_about {
    enum endpoint_kind kind;
    const char *const *models; /* (n_models) */
    const int32_t *contexts;   /* (n_models) tokens; 0: not told */
    const bool *loose; /* (n_models) what the model could hold: the server may run it with less, and did not say */
    size_t n_models;
    const char *fingerprint; /* system_fingerprint of the last answer; "" for none */
};

/* ---- asking ---- */

/* Sends nothing yet. place is copied. NULL when libcurl is missing or memory; ERR_ARGUMENT unless the url is well-formed. */
struct endpoint *endpoint_open(const struct endpoint_place *place, struct error *err);
/* Closes the connection, whatever is under way. NULL is fine. */
void endpoint_free(struct endpoint *e);
/* Readable when endpoint_next has something to do. */
int endpoint_fd(const struct endpoint *e);
/* Does what there is to do and takes the oldest event; false when none waits now. */
bool endpoint_next(struct endpoint *e, struct endpoint_event *out);
/* Asks the server for its models. ENDPOINT_KNOWN or ENDPOINT_FAILED follows, after ENDPOINT_WAITING while it is busy. */
enum error_code endpoint_look(struct endpoint *e, struct error *err);
/* Valid until the next endpoint_look. */
struct endpoint_about endpoint_about(const struct endpoint *e);
/* Asks with how much context model i is run, where the list does not say so (Ollama, LM Studio). Returns whether it does:
 * then ENDPOINT_KNOWN follows, whatever comes of it, unless a question ends it before. */
bool endpoint_look_at(struct endpoint *e, size_t i);
const struct endpoint_place *endpoint_place(const struct endpoint *e);
/* Model i of them as "NAME@ENDPOINT"; malloc'ed, NULL when out of memory. */
char *endpoint_model_name(const struct endpoint *e, size_t i);
/* Which of the models an endpoint_about of it lists is meant by a name; "": the only one there is. llama-server takes any
 * name for its one. ERR_NOT_FOUND with the names that there are. */
enum error_code endpoint_choose(const struct endpoint *e, const char *name, size_t *out, struct error *err);
/* Asks for an answer (the question is copied); ENDPOINT_DONE or ENDPOINT_FAILED ends it. ERR_BUSY while something is
 * under way. */
enum error_code endpoint_ask(struct endpoint *e, const struct endpoint_question *q, struct error *err);
/* Closes the connection at once; ENDPOINT_DONE with ENDPOINT_STOPPED follows, if a question was under way. */
void endpoint_stop(struct endpoint *e);

/* ---- what a kind of server can do ---- */

/* Whether it takes the setting of this name; "stop" and "logit_bias" among them. */
bool endpoint_takes(enum endpoint_kind kind, const char *setting);
/* Whether it continues an answer that is the last message. */
bool endpoint_continues(enum endpoint_kind kind);

#endif
