/* Speaker: the model that answers, the one that is loading to take its place, and the template that both speak by. Either
 * may be one that a server has (distant.h), which makes the prompt there.
 *
 * Whoever asks for an answer says who takes its events, so that an event finds its taker by the number of its request.
 * What was asked for and is no longer wanted has no taker: its events are dropped. */
#ifndef PALAVER_APP_CHAT_SPEAKER_H
#define PALAVER_APP_CHAT_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

struct chat;
struct distant;
struct speaker;

/* Takes the events of one request, from EVENT_PREFILL to EVENT_DONE or EVENT_FAILED. */
typedef void speaker_taker(struct chat *c, const struct event *event);

/* A speaker without a model, with the template that the options name. options stay the caller's and must outlive it.
 * NULL when out of memory. */
struct speaker *speaker_new(const struct options *o, struct error *err);
/* A speaker with the model and the template of another, whose weights it shares: it has only a key/value cache of its
 * own, for `context` tokens (0: as many as the other). Loading until EVENT_LOADED. NULL on failure. */
struct speaker *speaker_beside(const struct speaker *other, int32_t context, struct error *err);
/* The same with all of the context, for an answer that leaves no trace: it uses what the other has read, and nothing is
 * kept or learned from it. */
struct speaker *speaker_guest(const struct speaker *other, struct error *err);
/* Stops what runs; NULL is fine. */
void speaker_free(struct speaker *s);

/* ---- models ---- */

/* Starts loading a model by name (NULL: the one that the options mean); the present one stays until
 * speaker_use_loaded. */
enum error_code speaker_load(struct speaker *s, const char *name, struct error *err);
/* Whether the model, or the one that is loading, came with speaker_beside. */
bool speaker_shares_model(const struct speaker *s);
bool speaker_is_loading(const struct speaker *s);
/* After EVENT_LOADED: the loaded model takes the place of the present one, and requests to that one are forgotten.
 * When a template that only the history names can't be used, *unused (may be NULL) says why, and the model's own is
 * used; when no template can, that is the error, and nothing changes. */
enum error_code speaker_use_loaded(struct speaker *s, struct error *unused, struct error *err);
void speaker_stop_loading(struct speaker *s);
/* Notes EVENT_LOADING. */
void speaker_take_loading(struct speaker *s, const struct event *event);
/* How much is loaded; -1 when that is not known, or nothing loads. */
int speaker_loading_percent(const struct speaker *s);
/* What the present model takes of memory; NULL until one is loaded. */
const struct memory_plan *speaker_plan(const struct speaker *s);
/* Whether it can be asked: a model is loaded, or a server has it. */
bool speaker_is_ready(const struct speaker *s);
/* The server's model that is asked; NULL when it is one on this machine, or there is none. */
const struct distant *speaker_distant(const struct speaker *s);
/* The one that is asked for its models, to take its place; else the same. */
const struct distant *speaker_distant_asked(const struct speaker *s);
/* Model i that its server has, see distant_model; NULL past the end, or when there is no server. */
const char *speaker_host_model(const struct speaker *s, size_t i, int32_t *context);
/* Of the present model, else of the one that is loading: the host that has it; NULL when that is this machine. */
const char *speaker_host(const struct speaker *s);
/* What its answers are said to be made by; NULL until it is ready. */
const char *speaker_name(const struct speaker *s);
/* NULL until a model is loaded on this machine; so are the plan and the template. */
const struct model *speaker_model(const struct speaker *s);
/* Of the present model, else of the one that is loading; "" without either. A server's has its name. */
const char *speaker_path(const struct speaker *s);
/* Tokens that the context holds; 0 until a model is loaded, or where the server does not tell. */
size_t speaker_capacity(const struct speaker *s);
/* Whether a server may run the model with less, and does not say so. */
bool speaker_capacity_is_loose(const struct speaker *s);
/* Tokens of text as the model counts, of a server's by an estimate; 0 until a model is loaded. */
size_t speaker_count_tokens(const struct speaker *s, const char *text, size_t size);

/* An id for a text that is put into the answer of a server's model, as if it were a token; -1 when out of memory. */
int32_t speaker_name_token(struct speaker *s, const char *text, size_t size);
/* Whether a server told how many tokens the last prompt had; false for a model on this machine. */
bool speaker_has_counted(const struct speaker *s);
/* See distant_take_cut; false for a model on this machine. */
bool speaker_take_cut(struct speaker *s, size_t *counted, size_t *expected);
/* A server's model is asked to continue an answer that begins with this token. */
void speaker_reuse_token(struct speaker *s, int32_t id);

/* ---- templates ---- */

/* Uses the template of this name (NULL: the model's own), from now on or as soon as a model is loaded. from_history: a
 * later model may do without it. On failure nothing changes. */
enum error_code speaker_use_template(struct speaker *s, const char *name, bool from_history, struct error *err);
/* NULL until a model is loaded. */
const struct chat_template *speaker_template(const struct speaker *s);
/* As it was asked for; NULL: the model's own. */
const char *speaker_template_name(const struct speaker *s);
/* Adds the strings at which the template ends an answer. */
void speaker_add_stops(const struct speaker *s, struct sampling *sampling);

/* ---- answers ---- */

/* What is answered: of a model on this machine a prompt; of a server's the messages, of which it makes one. */
struct speaker_question {
    struct prompt prompt;
    struct message *messages; /* (n), malloc'ed; their texts are the script's */
    size_t n;
    size_t tokens; /* that it takes of the context; of messages an estimate */
    size_t most;   /* that it may take; of messages alone, 0: not known */
};
/* Leaves an empty one. */
void speaker_question_free(struct speaker_question *q);

/* Asks for an answer to a question (copied). Returns the request's number; 0 on failure: ERR_BUSY when one is running. What
 * the one who answers finds wrong with it comes as EVENT_FAILED. */
uint64_t speaker_ask(struct speaker *s, const struct speaker_question *q, const struct sampling *sampling,
                     speaker_taker *taker, struct error *err);
/* The same aside, see worker_generate_aside and distant_ask_aside: ERR_BUSY when work aside is running. */
uint64_t speaker_ask_aside(struct speaker *s, const struct speaker_question *q, const struct sampling *sampling,
                           speaker_taker *taker, struct error *err);
/* Drops the events of a request from now on; 0 is fine. */
void speaker_forget(struct speaker *s, uint64_t request);
/* Readable while events wait; -1 when none can come. */
int speaker_fd(const struct speaker *s);
/* Takes the oldest event: of the model that is loading while one is, and only then of the present one. */
bool speaker_next(struct speaker *s, struct event *out);
/* Who takes this event; NULL: it is dropped. To be asked once for each event. */
speaker_taker *speaker_taker_of(struct speaker *s, const struct event *event);

/* The conversation that later requests belong to, see worker_keep. */
void speaker_keep(struct speaker *s, const char *name);
void speaker_teach(struct speaker *s, const int32_t *ids, size_t n);
/* As the worker's calls of the same names; nothing happens without a model. */
void speaker_set_sampling(struct speaker *s, const struct sampling *sampling);
void speaker_preview(struct speaker *s, const struct sampling *sampling);
void speaker_pace(struct speaker *s, int32_t tokens);
void speaker_force(struct speaker *s, int32_t id);
void speaker_stop(struct speaker *s);
void speaker_stop_aside(struct speaker *s);
/* Closes a server's request aside, so that another can be asked at once; a worker's is stopped, see above, and ends. */
void speaker_drop_aside(struct speaker *s);

#endif
