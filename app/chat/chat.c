/* Chat: opening it, and handing each event to whoever takes it. */
#include <config.h>

#include "app/chat/chat.h"

#include <stdlib.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/aside.h"
#include "app/chat/compare.h"
#include "app/chat/conversation.h"
#include "app/chat/list.h"
#include "app/chat/load.h"
#include "app/chat/preset.h"
#include "app/chat/queue.h"
#include "app/chat/saving.h"
#include "app/chat/send.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/chat/undone.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum error_code make_parts(struct chat *c, struct error *err)
{
    const struct options *o = c->options;
    buf_init(&c->system, CHAT_TEXT_MOST);
    c->settings = chat_settings_new(o);
    c->answering = answering_new();
    c->saving = saving_new();
    c->undone = undone_new();
    c->aside = aside_new();
    c->titling = titling_new();
    c->queue = queue_new();
    if (c->settings == NULL || c->answering == NULL || c->saving == NULL || c->undone == NULL || c->aside == NULL ||
        c->titling == NULL || c->queue == NULL || !chat_put_system(c, o->system != NULL ? o->system : ""))
        return error_memory(err);
    c->speaker = speaker_new(o, err);
    return err->code;
}

struct chat *chat_open(const struct options *options, const struct chat_view *view, struct error *err)
{
    struct chat *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_memory(err);
        return NULL;
    }
    c->options = options;
    c->view = view;
    if (make_parts(c, err) == ERR_NONE && (c->home = home_open(options, err)) != NULL &&
        chat_resume(c, err) == ERR_NONE &&
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
    saving_free(c->saving);
    aside_free(c->aside);
    speaker_free(c->speaker);
    answering_free(c->answering);
    chat_settings_free(c->settings);
    titling_free(c->titling);
    queue_free(c->queue);
    undone_free(c->undone);
    home_free(c->home);
    buf_free(&c->system);
    chat_list_free(&c->list);
    free(c);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

int chat_fd(const struct chat *c)
{
    return c->compare != NULL ? chat_compare_fd(c) : speaker_fd(c->speaker);
}

static void take_speaker_event(struct chat *c, const struct event *event)
{
    speaker_taker *taker = speaker_taker_of(c->speaker, event);
    if (taker != NULL)
        taker(c, event);
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
