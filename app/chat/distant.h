/* Distant: a model that a server has, as the chat sees it: what it is asked and the events that come back are like a
 * worker's. There is no vocabulary here: tokens get ids by their text as they come, which are good for this object
 * alone. */
#ifndef PALAVER_APP_CHAT_DISTANT_H
#define PALAVER_APP_CHAT_DISTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

struct distant;

/* Opens NAME@ENDPOINT and asks the server what it has; EVENT_LOADED or EVENT_FAILED follows, after
 * EVENT_LOADING while the server is busy. NULL when there is no such endpoint. */
struct distant *distant_open(const struct options *o, const char *name, struct error *err);
/* Closes the connection. NULL is fine. */
void distant_free(struct distant *d);
/* Readable when distant_next has something to do. */
int distant_fd(const struct distant *d);
/* Takes the oldest event; false when none waits now. EVENT_LOADING after EVENT_LOADED: more is known of the
 * model. */
bool distant_next(struct distant *d, struct event *out);
/* Asks for an answer to messages (copied); the last one, if it is an answer with text, is continued. most: tokens that they
 * may be (0: not known); where an estimate can't tell, a server that counts is asked, and EVENT_FAILED with ERR_CONTEXT says
 * that they are more: then distant_estimate knows better. Returns the request's number; 0 on failure: ERR_UNSUPPORTED when
 * the server can't continue an answer. */
uint64_t distant_ask(struct distant *d, const struct message *messages, size_t n, size_t most,
                     const struct sampling *sampling, struct error *err);
/* Asks for an answer beside the conversation, whose tokens are not kept in mind. 0 also, without an error, while anything
 * is under way. A distant_ask that comes meanwhile stops it; its EVENT_DONE comes before that request's events. */
uint64_t distant_ask_aside(struct distant *d, const struct message *messages, size_t n, const struct sampling *sampling,
                           struct error *err);
/* Closes the connection at once; EVENT_DONE follows. */
void distant_stop(struct distant *d);
/* Closes that of what is asked aside, if anything is, so that something else can be asked at once. EVENT_DONE follows. */
void distant_drop_aside(struct distant *d);

/* "NAME@ENDPOINT". */
const char *distant_name(const struct distant *d);
/* Model i of the server as "NAME@ENDPOINT", until the next call, and the tokens of its context (0: not told); NULL past the
 * end. */
const char *distant_model(struct distant *d, size_t i, int32_t *context);
/* The host and port. */
const char *distant_host(const struct distant *d);
/* Whether what is sent can be read on the way. */
bool distant_is_clear(const struct distant *d);
/* Whether it continues an answer, so that forks and /continue are possible. */
bool distant_continues(const struct distant *d);
/* Whether the server takes a setting of this name. */
bool distant_takes(const struct distant *d, const char *setting);
/* Whether its user wants conversations named by it, which costs tokens. */
bool distant_gives_titles(const struct distant *d);
/* Tokens; 0: not known. *loose: the model could hold so many, but the server may run it with less, and does not say. */
size_t distant_context(const struct distant *d, bool *loose);
/* Tokens that so many bytes of messages take, by what the server counted last. */
size_t distant_estimate(const struct distant *d, size_t bytes);
/* Whether the server told how many tokens the last prompt had. */
bool distant_has_counted(const struct distant *d);
/* Whether the server seems to have left out some of what it was sent, told once: the tokens that it counted, and those that
 * were to be expected. */
bool distant_take_cut(struct distant *d, size_t *counted, size_t *expected);
/* Why the request waits and how long still; 0: it does not. */
int distant_waits(const struct distant *d, const char **why);
/* Appends the text of a token. False when there is none of this id, or out of memory. */
bool distant_piece(const struct distant *d, int32_t id, struct buf *out);
/* The id of a text that is to be taken as a token; -1 when out of memory. */
int32_t distant_name_token(struct distant *d, const char *text, size_t size);
/* The tokens of the last answer, and those that could have been in their place, one after another: the next one from
 * number *at on, and *at is the one after it; -1: there is none. */
int32_t distant_token_used(const struct distant *d, size_t *at);
/* A token of an earlier answer is one of the next answer too. */
void distant_reuse_token(struct distant *d, int32_t id);
/* "" until the server told one. */
const char *distant_fingerprint(const struct distant *d);

#endif
