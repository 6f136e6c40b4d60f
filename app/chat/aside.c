/* Aside: the slot. */
#include <config.h>

#include "app/chat/aside.h"

#include <stdbool.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "base/error.h"
#include "engine/engine.h"

struct aside {
    struct aside_work *work; /* NULL: none */
    bool waits;              /* it is to be asked, below, when the request of the work before it has ended */
    struct ids prompt;
    struct sampling sampling;
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
    a->waits = false;
    ids_free(&a->prompt);
    if (work != NULL)
        work->free(work);
}

static void take_aside_event(struct chat *c, const struct event *event);

/* The request before has ended: asks for what waits. A failure comes to the work as one of its request. */
static void ask_waiting(struct chat *c)
{
    struct aside *a = c->aside;
    struct event failed = {.kind = EVENT_FAILED};
    const struct speaker_question q = {.prompt.ids = a->prompt};
    a->waits = false;
    if (speaker_ask_aside(c->speaker, &q, &a->sampling, take_aside_event, &failed.error) == 0)
        a->work->take(c, a->work, &failed);
}

static void take_aside_event(struct chat *c, const struct event *event)
{
    struct aside *a = c->aside;
    if (!a->waits) {
        if (a->work != NULL)
            a->work->take(c, a->work, event);
    } else if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED) {
        ask_waiting(c);
    }
}

/* Stops work that yields, and has other work wait for the end of its request. */
static enum error_code wait_for_end(struct chat *c, struct aside_work *work, const struct speaker_question *q,
                                    const struct sampling *sampling, struct error *err)
{
    struct ids kept = {0};
    if (!ids_append(&kept, q->prompt.ids.at, q->prompt.ids.n))
        return error_memory(err);
    aside_forget(c->aside);
    speaker_stop_aside(c->speaker);
    *c->aside = (struct aside){.work = work, .waits = true, .prompt = kept, .sampling = *sampling};
    return ERR_NONE;
}

bool aside_is_empty(const struct aside *a)
{
    return a->work == NULL;
}

bool aside_is_asked(const struct aside *a)
{
    return a->work != NULL && !a->work->yields;
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

struct sampling aside_settings(const struct chat *c, int32_t here, int32_t there)
{
    const bool distant = speaker_distant(c->speaker) != NULL;
    struct sampling s = distant ? *chat_sampling(c) : sampling_defaults();
    s.temperature = distant ? s.temperature : 0;
    s.n_stops = 0;
    s.max_new_tokens = distant ? there : here;
    return s;
}

/* Whether the slot has work that gives way to this. */
static bool is_yielding(const struct chat *c, const struct aside_work *work)
{
    const struct aside_work *now = c->aside->work;
    return now != NULL && now != work && now->yields && !work->yields;
}

enum error_code aside_ask(struct chat *c, struct aside_work *work, const struct speaker_question *q,
                          const struct sampling *sampling, struct error *err)
{
    if (c->aside->work != work && aside_due(c->aside) >= 0)
        return error_set(err, ERR_BUSY, "a summary still waits to be saved");
    struct error why = {0};
    const bool there = speaker_distant(c->speaker) != NULL;
    if (there && is_yielding(c, work))
        speaker_drop_aside(c->speaker);
    if (speaker_ask_aside(c->speaker, q, sampling, take_aside_event, &why) == 0) {
        if (!there && why.code == ERR_BUSY && is_yielding(c, work))
            return wait_for_end(c, work, q, sampling, err);
        return error_set(err, why.code, "%s", why.message);
    }
    if (c->aside->work != work)
        aside_forget(c->aside);
    c->aside->work = work;
    return ERR_NONE;
}
