/* State: the chat as its own files see it: the messages, and the parts, each of which is opaque and changed by one
 * file. */
#ifndef PALAVER_APP_CHAT_STATE_H
#define PALAVER_APP_CHAT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/script.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"

struct chat {
    const struct options *options; /* borrowed, as the view */
    const struct chat_view *view;
    struct home *home;
    struct chat_list list; /* those with an id stand before those without */
    struct buf system;     /* state.c, as the next two */
    size_t first_visible;  /* the first message that the model sees */
    size_t first_byte;     /* of it, the first byte, in a text that is continued */
    int64_t looked;        /* tick.c: when it last looked for changes by others, as clock_milliseconds */
    struct chat_settings *settings;
    struct speaker *speaker;
    struct answering *answering;
    struct saving *saving;
    struct undone *undone;
    struct aside *aside;
    struct titling *titling;
    struct queue *queue; /* of the conversation */
    struct background
        *background;         /* background.c; NULL: no other conversation has been left while its answer was made */
    bool closed;             /* leave.c: all is saved that can be */
    struct compare *compare; /* compare.c; NULL: nothing is compared */
};

/* ERR_BUSY while an answer is asked for. */
enum error_code chat_check_idle(const struct chat *c, struct error *err);
/* The same, and ERR_NOT_FOUND without a model, loaded or loading. */
enum error_code chat_check_ready(const struct chat *c, struct error *err);
/* ERR_BUSY until a model is loaded. */
enum error_code chat_check_loaded(const struct chat *c, struct error *err);
/* The same, and ERR_UNSUPPORTED when a server has the model: what, as in "a template", is not to be had from there. */
enum error_code chat_check_here(const struct chat *c, const char *what, struct error *err);
/* ERR_NOT_FOUND unless there is a message of this index. */
enum error_code chat_check_index(const struct chat *c, size_t index, struct error *err);
/* The same, and unless that is an answer. */
enum error_code chat_check_answer(const struct chat *c, size_t index, struct error *err);

/* What a prompt is made from now. Valid until the messages or the speaker change. */
struct script chat_script(const struct chat *c);
/* Forgets messages from n on; the model sees all again when what it saw first is gone. */
void chat_cut(struct chat *c, size_t n);
/* The model sees the messages from this one on; in a text that is continued, from this byte of it. */
void chat_see_from(struct chat *c, size_t first);
void chat_see_text_from(struct chat *c, struct script_start start);
/* Tells when there is a system message that the template leaves out. */
void chat_tell_unseen_system(const struct chat *c);
/* False when out of memory: then it is cut off. */
bool chat_put_system(struct chat *c, const char *text);

/* Tells the view that messages from index from on are others; what the model's logits are of is gone. */
void chat_tell_changed(struct chat *c, size_t from);
/* trouble: something is not saved or failed. */
void chat_remark(const struct chat *c, bool trouble, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
