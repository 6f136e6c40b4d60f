/* Aside: one slot for work that the model does beside the conversation: a title, a summary, an answer made again.
 *
 * A worker runs one request aside, and so does a server's model, so there is one slot: whoever gets it has the events of its requests until the
 * work ends or other work takes the slot. A message that is sent meanwhile stops the request. */
#ifndef PALAVER_APP_CHAT_ASIDE_H
#define PALAVER_APP_CHAT_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "app/chat/speaker.h"
#include "base/error.h"
#include "engine/engine.h"

struct aside;

/* Work aside: the first member of the struct of whoever has it done, which is malloc'ed. */
struct aside_work {
    bool yields; /* to work that the user asked for: its request is stopped */
    void (*take)(struct chat *c, struct aside_work *work, const struct event *event);
    void (*free)(struct aside_work *work);
    /* What is left to do when its request has ended; NULL: nothing ever. Milliseconds until tick is to be called, -1: there
     * is nothing, and other work may take the slot. */
    int (*due)(const struct aside_work *work);
    void (*tick)(struct chat *c, struct aside_work *work);
};

/* An empty slot; NULL when out of memory. */
struct aside *aside_new(void);
/* Frees the work in it too. */
void aside_free(struct aside *a);
/* Ends the work in the slot, if any: it is freed, and what its request still brings is dropped. */
void aside_forget(struct aside *a);
/* Whether there is no work in it; and whether there is some that the user asked for. */
bool aside_is_empty(const struct aside *a);
bool aside_is_asked(const struct aside *a);
/* Milliseconds until aside_tick has something to do, -1: never. */
int aside_due(const struct aside *a);
void aside_tick(struct chat *c);
/* The settings of work that is not the conversation's: the likeliest text, of up to `here` tokens. A server's model has the
 * conversation's, as it may refuse others, and up to `there` tokens, as it may think first. */
struct sampling aside_settings(const struct chat *c, int32_t here, int32_t there);
/* Asks for an answer aside (q is copied). On success work is in the slot, which owns it from then on. ERR_BUSY while a request aside
 * is running whose work does not yield, or what is in the slot has something left to do; on failure the slot is as it
 * was, and work stays the caller's unless it is there already. */
enum error_code aside_ask(struct chat *c, struct aside_work *work, const struct speaker_question *q,
                          const struct sampling *sampling, struct error *err);

#endif
