/* Chat: the conversation in memory, and the controller between it, the template and the worker.
 *
 * A chat holds the messages, decides which of them the model sees, asks the worker for answers and takes its events.
 * It neither reads nor prints: what happens is told to a view (the line mode, one answer for a script, the screen), and
 * every change of the messages to a keeper (the history), when there are such. All calls are made by one thread. */
#ifndef PALAVER_APP_CHAT_H
#define PALAVER_APP_CHAT_H

#include "app/options.h"

/* More than any context holds. */
#define CHAT_TEXT_MOST ((size_t)64 << 20)

struct chat;

enum chat_state {
    CHAT_NO_MODEL, /* it could not be opened */
    CHAT_LOADING,  /* a message sent now waits for the model */
    CHAT_IDLE,
    CHAT_READING,  /* the model reads the prompt */
    CHAT_ANSWERING,
};

struct chat_message {
    enum role role; /* ROLE_USER or ROLE_ASSISTANT */
    struct buf text;
    /* of an answer: */
    enum finish finish;
    struct timings timings;   /* summed when the answer went on in a renewed context */
    struct sampling sampling; /* as it stood when the answer began, with the seed used */
};

/* What a front end is told, by chat_handle and the calls that start an answer. Any function may be NULL. */
struct chat_view {
    void *context;
    void (*loaded)(void *context);
    void (*reading)(void *context, size_t done, size_t total);
    void (*token)(void *context, const struct event *event);
    /* The model no longer sees the first messages, tokens in all; 0 messages: it sees all again. */
    void (*window)(void *context, size_t messages, size_t tokens);
    void (*ended)(void *context, const struct chat_message *answer);
    /* The message that waited can't be answered and was taken out of the chat. */
    void (*refused)(void *context, const char *text, const struct error *err);
    /* Loading or answering failed; what was said stays. */
    void (*failed)(void *context, const struct error *err);
};

/* Who stores the messages. Indices count from the first message, 0. */
struct chat_keeper {
    void *context;
    void (*appended)(void *context, size_t index);
    void (*grew)(void *context, size_t index);    /* the text of an answer became longer */
    void (*finished)(void *context, size_t index); /* an answer ended */
    void (*removed)(void *context, size_t from);  /* this message and all after it */
};

/* Starts loading the model that the options mean. options and view stay the caller's and must outlive the chat. NULL
 * when there is no such model. */
struct chat *chat_open(const struct options *options, const struct chat_view *view, struct error *err);
void chat_free(struct chat *c);
void chat_keep(struct chat *c, const struct chat_keeper *keeper); /* NULL: nobody */

/* Readable while events wait for chat_handle; -1 when nothing can come. */
int chat_fd(const struct chat *c);
void chat_handle(struct chat *c);

enum chat_state chat_state(const struct chat *c);
/* True while an answer is asked for: it waits for the model, reads or answers. */
bool chat_is_busy(const struct chat *c);
size_t chat_count(const struct chat *c);
const struct chat_message *chat_message(const struct chat *c, size_t index);
/* NULL until it is loaded. */
const struct model *chat_model(const struct chat *c);
const struct chat_template *chat_template(const struct chat *c);
const char *chat_model_path(const struct chat *c);
const char *chat_system(const struct chat *c); /* "" for none */
/* Tokens that the context holds; 0 until the model is loaded. */
size_t chat_capacity(const struct chat *c);
/* Tokens of text as the model counts; 0 until the model is loaded. */
size_t chat_count_tokens(const struct chat *c, const char *text, size_t size);

/* Settings. A change acts on the next token. seed_is_fixed: somebody named the seed; otherwise each answer has its own. */
const struct sampling *chat_sampling(const struct chat *c);
void chat_set_sampling(struct chat *c, const struct sampling *sampling);
bool chat_seed_is_fixed(const struct chat *c);
void chat_fix_seed(struct chat *c, bool fixed);

/* Each of the following fails with ERR_BUSY while an answer is asked for. */

/* Adds a message and asks for the answer. ERR_CONTEXT when it can't fit into the context, ERR_NOT_FOUND without a
 * model; then nothing was added. */
enum error_code chat_send(struct chat *c, const char *text, size_t size, struct error *err);
/* Takes the last answer back and asks for another. */
enum error_code chat_regenerate(struct chat *c, struct error *err);
/* Goes on with the last answer. */
enum error_code chat_continue(struct chat *c, struct error *err);
/* Takes the last exchange back, or gives the last one taken back. *text (may be NULL) is its question, the chat's until
 * the next change. */
enum error_code chat_undo(struct chat *c, const char **text, struct error *err);
enum error_code chat_redo(struct chat *c, const char **text, struct error *err);
/* Begins anew; the system message and the settings stay. */
enum error_code chat_clear(struct chat *c, struct error *err);
enum error_code chat_set_system(struct chat *c, const char *text, struct error *err);
/* name NULL: the model's own. */
enum error_code chat_set_template(struct chat *c, const char *name, struct error *err);
/* Starts loading another model; the present one stays until that is ready. */
enum error_code chat_set_model(struct chat *c, const char *name, struct error *err);

/* Stops the answer, keeping what was said, or forgets the message that waits; ended or refused follows. */
void chat_stop(struct chat *c);

/* What the model was given last: NULL when it was given nothing yet. The chat's, until the next change. */
const struct prompt *chat_last_prompt(const struct chat *c);
/* What it would be given now. prompt_free it. */
enum error_code chat_render(struct chat *c, struct prompt *out, struct error *err);
/* The first message that the model sees. */
size_t chat_window(const struct chat *c);

#endif
