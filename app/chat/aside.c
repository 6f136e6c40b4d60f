/* Aside: the slot. */
#include <config.h>

#include "app/chat/aside.h"

#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "base/error.h"
#include "engine/engine.h"

struct aside {
    struct aside_work *work; /* NULL: none */
};

struct aside *aside_new(void)
{
    return calloc(1, sizeof(struct aside));
}

void aside_free(struct aside *a)
{
    if (a == NULL)
        return;
    aside_forget(a);
    free(a);
}

void aside_forget(struct aside *a)
{
    struct aside_work *work = a->work;
    a->work = NULL;
    if (work != NULL)
        work->free(work);
}

static void take_aside_event(struct chat *c, const struct event *event)
{
    struct aside_work *work = c->aside->work;
    if (work != NULL)
        work->take(c, work, event);
}

int aside_due(const struct aside *a)
{
    return a->work != NULL && a->work->due != NULL ? a->work->due(a->work) : -1;
}

void aside_tick(struct chat *c)
{
    if (aside_due(c->aside) == 0)
        c->aside->work->tick(c, c->aside->work);
}

enum error_code aside_ask(struct chat *c, struct aside_work *work, const struct ids *prompt,
                          const struct sampling *sampling, struct error *err)
{
    if (c->aside->work != work && aside_due(c->aside) >= 0)
        return error_set(err, ERR_BUSY, "a summary still waits to be saved");
    if (speaker_ask_aside(c->speaker, prompt, sampling, take_aside_event, err) == 0)
        return err->code;
    if (c->aside->work != work)
        aside_forget(c->aside);
    c->aside->work = work;
    return ERR_NONE;
}
