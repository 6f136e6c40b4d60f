/* Chat: the model that answers, the one that loads, and the template. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/internal.h"
#include "app/chat/models.h"

/* Starts loading a model; name NULL: as the options say. */
static enum error_code start_loading(struct chat *c, const char *name, struct error *err)
{
    char *path = name != NULL ? models_find_name(c->options, name, err) : models_find(c->options, err);
    if (path == NULL)
        return err->code;
    const struct worker_options options = {
        .model_path = path,
        .session = {.context = c->options->context, .threads = c->options->threads, .exact = c->options->exact},
    };
    struct worker *worker = worker_start(&options, err);
    if (worker == NULL) {
        free(path);
        return err->code;
    }
    worker_free(c->next);
    free(c->next_path);
    c->next = worker;
    c->next_path = path;
    return ERR_NONE;
}

/* The model of the conversation that is gone on with, when nobody names one and it is still there. */
enum error_code chat_load_first(struct chat *c, struct error *err)
{
    struct error ignored = {0};
    bool named = options_source(c->options, "model") >= SOURCE_VARIABLE || c->model_kept == NULL;
    char *path = named ? NULL : models_find_name(c->options, c->model_kept, &ignored);
    bool there = path != NULL && access(path, R_OK) == 0;
    free(path);
    return start_loading(c, there ? c->model_kept : NULL, err);
}

void chat_set_stepping(struct chat *c, bool on)
{
    c->stepping = on;
    if (c->worker != NULL)
        worker_pace(c->worker, on ? 0 : -1);
}

/* The model's template takes a name; copy is the chat's from then on. */
static enum error_code change_template(struct chat *c, char *copy, struct error *err)
{
    struct chat_template *template = models_template_named(c->options, copy, chat_model(c), err);
    if (template == NULL)
        return err->code;
    template_free(c->template);
    c->template = template;
    return ERR_NONE;
}

enum error_code chat_use_template(struct chat *c, const char *name, struct error *err)
{
    char *copy = name != NULL ? strdup(name) : NULL;
    if (name != NULL && copy == NULL)
        return error_set(err, ERR_MEMORY, "no memory for a name");
    if (chat_model(c) != NULL && change_template(c, copy, err) != ERR_NONE) {
        free(copy);
        return err->code;
    }
    free(c->template_name);
    c->template_name = copy;
    c->window = 0;
    return ERR_NONE;
}

enum error_code chat_set_template(struct chat *c, const char *name, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE)
        return err->code;
    if (chat_model(c) == NULL)
        return error_set(err, ERR_BUSY, "the model is still loading; try again in a moment");
    if (chat_use_template(c, name, err) != ERR_NONE)
        return err->code;
    c->template_kept = false;
    chat_save_properties(c);
    return ERR_NONE;
}

enum error_code chat_set_model(struct chat *c, const char *name, struct error *err)
{
    return chat_check_idle(c, err) != ERR_NONE ? err->code : start_loading(c, name, err);
}

void chat_give_up_loading(struct chat *c, const struct error *err)
{
    worker_free(c->next);
    free(c->next_path);
    c->next = NULL;
    c->next_path = NULL;
    if (c->view->failed != NULL)
        c->view->failed(c->view->context, err);
    if (c->waiting)
        chat_refuse(c, err);
}

/* The template for a new model. One that only the history names may be gone: then the model's own does. */
static struct chat_template *template_for(struct chat *c, const struct model *model, struct error *err)
{
    struct error why = {0};
    struct chat_template *template = models_template_named(c->options, c->template_name, model, &why);
    if (template != NULL || !c->template_kept) {
        error_set(err, why.code, "%s", why.message);
        return template;
    }
    chat_remark(c, false, "this conversation's template can't be used (%s); it goes on with the model's own",
                why.message);
    return models_template_named(c->options, NULL, model, err);
}

/* The new model takes the old one's place. */
void chat_take_model(struct chat *c)
{
    struct error err = {0};
    struct chat_template *template = template_for(c, worker_model(c->next), &err);
    if (template == NULL) {
        chat_give_up_loading(c, &err);
        return;
    }
    bool another = c->worker != NULL;
    template_free(c->template);
    worker_free(c->worker);
    chat_title_forget(c);
    free(c->path);
    c->template = template;
    c->worker = c->next;
    chat_set_stepping(c, c->stepping);
    c->path = c->next_path;
    c->next = NULL;
    c->next_path = NULL;
    c->window = 0;
    c->previewable = false;
    if (another)
        chat_save_properties(c);
    chat_take_recommended(c);
    chat_begin_with_model(c);
    if (c->view->loaded != NULL)
        c->view->loaded(c->view->context);
    if (!c->waiting)
        return;
    c->waiting = false;
    if (chat_ask(c, &err) != ERR_NONE)
        chat_refuse(c, &err);
}
