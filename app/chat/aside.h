/* Aside: one slot for work that the model does beside the conversation: a title, a summary, an answer made again.
 *
 * The worker runs one request aside, so there is one slot: whoever gets it has the events of its requests until the
 * work ends or other work takes the slot. A message that is sent meanwhile stops the request. */
#ifndef PALAVER_APP_CHAT_ASIDE_H
#define PALAVER_APP_CHAT_ASIDE_H

#include <stdbool.h>

#include "app/chat/chat.h"
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
/* Asks for an answer aside. On success work is in the slot, which owns it from then on. ERR_BUSY while a request aside
 * is running whose work does not yield, or what is in the slot has something left to do; on failure the slot is as it
 * was, and work stays the caller's unless it is there already. */
enum error_code aside_ask(struct chat *c, struct aside_work *work, const struct ids *prompt,
                          const struct sampling *sampling, struct error *err);

#endif
