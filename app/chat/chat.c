/* Chat: opening it, and handing each event to whoever takes it. */
#include <config.h>

#include "app/chat/chat.h"

#include <stdlib.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/background.h"
#include "app/chat/compare.h"
#include "app/chat/conversation.h"
#include "app/chat/load.h"
#include "app/chat/parts.h"
#include "app/chat/preset.h"
#include "app/chat/send.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct chat *chat_open(const struct options *options, const struct chat_view *view, struct error *err)
{
    struct chat *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_memory(err);
        return NULL;
    }
    c->options = options;
    c->view = view;
    if (chat_make_parts(c, NULL, err) == ERR_NONE && (c->speaker = speaker_new(options, err)) != NULL &&
        (c->home = home_open(options, err)) != NULL && chat_resume(c, err) == ERR_NONE &&
        (options->preset == NULL || preset_begin(c, options->preset, err) == ERR_NONE) &&
        chat_load_first(c, err) == ERR_NONE) {
        home_set_patience(c->home, HOME_NO_WAIT);
        return c;
    }
    chat_free(c);
    return NULL;
}

static void save_last(struct chat *c)
{
    struct error err = {0};
    size_t unsaved;
    if (chat_close(c, &unsaved, &err) != ERR_NONE)
        chat_remark(c, true, "the last messages of this conversation are lost: %s", err.message);
}

void chat_free(struct chat *c)
{
    if (c == NULL)
        return;
    if (c->home != NULL && !c->closed) /* all parts were made before the home */
        save_last(c);
    chat_compare_forget(c);
    background_free(c->background); /* its homes are beside this one */
    chat_free_parts(c);
    home_free(c->home);
    free(c);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

int chat_fd(const struct chat *c)
{
    return c->compare != NULL ? chat_compare_fd(c) : speaker_fd(c->speaker);
}

int chat_elsewhere_fd(const struct chat *c)
{
    return background_fd(c);
}

static void take_speaker_event(struct chat *c, const struct event *event)
{
    speaker_taker *taker = speaker_taker_of(c->speaker, event);
    if (taker != NULL)
        taker(c, event);
    else if (event->kind == EVENT_LOADING && c->view->loading != NULL)
        c->view->loading(c->view->context); /* a server told more of its model */
    else if (event->kind == EVENT_PREVIEW && event->request == 0 && answering_has_logits(c->answering) &&
             c->view->preview != NULL)
        c->view->preview(c->view->context, event);
}

void chat_handle(struct chat *c)
{
    struct event event;
    chat_compare_handle(c);
    while (speaker_next(c->speaker, &event)) {
        if (speaker_is_loading(c->speaker))
            chat_take_loading(c, &event);
        else
            take_speaker_event(c, &event);
    }
    for (size_t i = 0; i < background_count(c); i++)
        chat_handle(background_at(c, i));
}

void chat_stop(struct chat *c)
{
    struct error err = {0};
    if (c->compare != NULL) {
        chat_compare_stop(c);
    } else if (answering_request(c->answering) != 0) {
        answering_stop(c->answering);
        speaker_stop(c->speaker);
    } else if (answering_waits_for_model(c->answering)) {
        error_set(&err, ERR_STOPPED, "stopped before the model was loaded");
        chat_refuse(c, &err);
    }
}
