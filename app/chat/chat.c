/* Chat: opening it, sending, and the models that come and go behind it. */
#include <config.h>

#include "app/chat/chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/internal.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct chat *chat_open(const struct options *options, const struct chat_view *view, struct error *err)
{
    struct chat *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a chat");
        return NULL;
    }
    c->options = options;
    c->view = view;
    c->sampling = options->sampling;
    c->seed_is_fixed = options_source(options, "seed") != SOURCE_BUILT_IN;
    buf_init(&c->system, CHAT_TEXT_MOST);
    if (options->system != NULL)
        buf_puts(&c->system, options->system);
    buf_init(&c->undone_text, CHAT_TEXT_MOST);
    const char *name = options->raw ? "plain" : options->template_name;
    if (name != NULL && (c->template_name = strdup(name)) == NULL)
        error_set(err, ERR_MEMORY, "no memory for a name");
    else if ((c->home = home_open(options, err)) != NULL && chat_resume(c, err) == ERR_NONE &&
             (options->preset == NULL || preset_begin(c, options->preset, err) == ERR_NONE) &&
             chat_load_first(c, err) == ERR_NONE)
        return c;
    chat_free(c);
    return NULL;
}

/* What is left to store; an answer under way ends here. */
static void save_last(struct chat *c)
{
    struct error err = {0};
    if (c->writing)
        c->list.at[c->list.n - 1].state = STORE_INTERRUPTED;
    c->writing = false;
    if (!chat_is_saved(c) && chat_save(c, &err) != ERR_NONE)
        chat_remark(c, true, "the last messages of this conversation are lost: %s", err.message);
}

void chat_free(struct chat *c)
{
    if (c == NULL)
        return;
    if (c->home != NULL)
        save_last(c);
    store_reply_free(c->reply);
    if (c->compare != NULL)
        chat_compare_forget(c);
    chat_settle_settings(c);
    free(c->epochs);
    template_free(c->template);
    prompt_free(&c->prompt);
    worker_free(c->next);
    worker_free(c->worker);
    home_free(c->home);
    free(c->next_path);
    free(c->path);
    free(c->template_name);
    free(c->model_kept);
    free(c->preset);
    free(c->persona);
    buf_free(&c->system);
    buf_free(&c->undone_text);
    buf_free(&c->title_said);
    chat_compact_forget(c);
    chat_verify_forget(c);
    ids_free(&c->forced);
    free(c->undone);
    chat_list_free(&c->list);
    free(c);
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

int chat_fd(const struct chat *c)
{
    const struct worker *worker = c->next != NULL ? c->next : c->worker;
    if (c->compare != NULL)
        return chat_compare_fd(c);
    return worker != NULL ? worker_fd(worker) : -1;
}

static void take_preview(const struct chat *c, const struct event *event)
{
    if (c->previewable && c->view->preview != NULL)
        c->view->preview(c->view->context, event);
}

void chat_handle(struct chat *c)
{
    struct event event;
    chat_compare_handle(c);
    while (c->next != NULL && worker_next(c->next, &event)) {
        if (event.kind == EVENT_LOADED)
            chat_take_model(c);
        else if (event.kind == EVENT_FAILED)
            chat_give_up_loading(c, &event.error);
    }
    while (c->next == NULL && c->worker != NULL && worker_next(c->worker, &event))
        if (event.kind == EVENT_PREVIEW && event.request == 0)
            take_preview(c, &event);
        else if (!chat_compare_take(c, &event) && !chat_title_take(c, &event) && !chat_compact_take(c, &event) &&
                 !chat_verify_take(c, &event))
            chat_take_event(c, &event);
}

void chat_stop(struct chat *c)
{
    struct error err = {0};
    if (c->compare != NULL) {
        chat_compare_stop(c);
    } else if (c->request != 0) {
        c->stopping = true;
        worker_stop(c->worker);
    } else if (c->waiting) {
        error_set(&err, ERR_STOPPED, "stopped before the model was loaded");
        chat_refuse(c, &err);
    }
}
