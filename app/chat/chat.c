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
static enum error_code load_first(struct chat *c, struct error *err)
{
    struct error ignored = {0};
    bool named = options_source(c->options, "model") >= SOURCE_VARIABLE || c->model_kept == NULL;
    char *path = named ? NULL : models_find_name(c->options, c->model_kept, &ignored);
    bool there = path != NULL && access(path, R_OK) == 0;
    free(path);
    return start_loading(c, there ? c->model_kept : NULL, err);
}

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
             load_first(c, err) == ERR_NONE)
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

struct home *chat_home(const struct chat *c)
{
    return c->home;
}

/* ---- asking the chat -------------------------------------------------------------------------------------------- */

enum chat_state chat_state(const struct chat *c)
{
    if (c->request != 0 || c->compare != NULL)
        return c->reading ? CHAT_READING : CHAT_ANSWERING;
    if (c->next != NULL)
        return CHAT_LOADING;
    return c->worker != NULL ? CHAT_IDLE : CHAT_NO_MODEL;
}

bool chat_is_busy(const struct chat *c)
{
    return c->request != 0 || c->waiting || c->compare != NULL;
}

size_t chat_count(const struct chat *c)
{
    return c->list.n;
}

const struct chat_message *chat_message(const struct chat *c, size_t index)
{
    return &c->list.at[index];
}

const struct model *chat_model(const struct chat *c)
{
    return c->worker != NULL ? worker_model(c->worker) : NULL;
}

const struct chat_template *chat_template(const struct chat *c)
{
    return c->template;
}

const char *chat_model_path(const struct chat *c)
{
    return c->path != NULL ? c->path : c->next_path != NULL ? c->next_path : "";
}

const char *chat_system(const struct chat *c)
{
    return buf_text(&c->system);
}

size_t chat_capacity(const struct chat *c)
{
    const struct model *model = chat_model(c);
    if (model == NULL)
        return 0;
    if (c->options->context > 0)
        return (size_t)c->options->context;
    int32_t trained = model_info(model)->context;
    return trained > 0 && trained < 4096 ? (size_t)trained : 4096;
}

size_t chat_count_tokens(const struct chat *c, const char *text, size_t size)
{
    struct ids ids = {0};
    struct error ignored = {0};
    if (chat_model(c) != NULL)
        tokenizer_encode(model_tokenizer(chat_model(c)), text, size, &ids, &ignored);
    size_t n = ids.n;
    ids_free(&ids);
    return n;
}

const struct sampling *chat_sampling(const struct chat *c)
{
    return &c->sampling;
}

bool chat_seed_is_fixed(const struct chat *c)
{
    return c->seed_is_fixed;
}

void chat_fix_seed(struct chat *c, bool fixed)
{
    c->seed_is_fixed = fixed;
    c->tries = 0;
    c->by_hand = fixed ? c->by_hand | SETTINGS_SEED : c->by_hand & ~SETTINGS_SEED;
    c->overruled &= ~SETTINGS_SEED;
    chat_save_properties(c);
}

const struct prompt *chat_last_prompt(const struct chat *c)
{
    return c->prompt.ids.n > 0 ? &c->prompt : NULL;
}

size_t chat_window(const struct chat *c)
{
    return c->window;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

void chat_tell_changed(struct chat *c, size_t from)
{
    c->previewable = false;
    if (c->view->changed != NULL)
        c->view->changed(c->view->context, from);
}

void chat_remark(const struct chat *c, bool trouble, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (c->view->remark != NULL)
        c->view->remark(c->view->context, trouble, text);
}

/* ---- changing the messages -------------------------------------------------------------------------------------- */

enum error_code chat_check_idle(const struct chat *c, struct error *err)
{
    return chat_is_busy(c) ? error_set(err, ERR_BUSY, "an answer is under way; stop it first") : ERR_NONE;
}

enum error_code chat_check_ready(const struct chat *c, struct error *err)
{
    if (chat_state(c) == CHAT_NO_MODEL)
        return error_set(err, ERR_NOT_FOUND, "no model is open; /model NAME opens one");
    return chat_check_idle(c, err);
}

enum error_code chat_check_saved(struct chat *c, struct error *err)
{
    struct error why = {0};
    if ((chat_is_saved(c) && !c->orphan) || chat_save(c, &why) == ERR_NONE)
        return ERR_NONE;
    return error_set(err, why.code, "what was said last is not saved yet, so it stays here: %s", why.message);
}

void chat_cut(struct chat *c, size_t n)
{
    chat_list_cut(&c->list, n);
    if (c->window >= n)
        c->window = 0;
}

void chat_forget_undone(struct chat *c)
{
    c->n_undone = 0;
}

enum error_code chat_ask_or_wait(struct chat *c, struct error *err)
{
    struct error ignored = {0}; /* told */
    if (c->next == NULL)
        return chat_ask(c, err);
    chat_save(c, &ignored);
    c->waiting = true;
    return ERR_NONE;
}

enum error_code chat_send(struct chat *c, const char *text, size_t size, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE)
        return err->code;
    if (chat_list_add(&c->list, ROLE_USER, text, size) == NULL)
        return error_set(err, ERR_MEMORY, "no memory for a message of %zu bytes", size);
    c->tries = 0;
    c->sent = true;
    enum error_code code = chat_ask_or_wait(c, err);
    if (code != ERR_NONE)
        chat_discard(c, c->list.n - 1);
    else
        chat_forget_undone(c);
    return code;
}

enum error_code chat_continue(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE)
        return err->code;
    if (c->list.n == 0)
        return error_set(err, ERR_NOT_FOUND, "there is nothing yet to go on with");
    if (c->list.at[c->list.n - 1].state == STORE_STREAMING && chat_reload(c, err) != ERR_NONE)
        return err->code;
    if (c->list.at[c->list.n - 1].state == STORE_STREAMING)
        return error_set(err, ERR_BUSY, "another window is writing this answer; wait for its end");
    c->sent = false;
    return chat_ask_or_wait(c, err);
}

enum error_code chat_set_system(struct chat *c, const char *text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    buf_clear(&c->system);
    if (!buf_puts(&c->system, text))
        return error_set(err, ERR_MEMORY, "no memory for the system message");
    c->window = 0;
    chat_save_properties(c);
    return ERR_NONE;
}

/* ---- templates and models --------------------------------------------------------------------------------------- */

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

/* The message that waited can't be answered: one just sent is taken out, others stay as they are stored. */
static void refuse(struct chat *c, const struct error *err)
{
    struct buf text;
    struct error ignored = {0};
    c->waiting = false;
    buf_init(&text, CHAT_TEXT_MOST);
    if (c->sent) {
        const struct chat_message *last = &c->list.at[c->list.n - 1];
        buf_append(&text, buf_text(&last->text), last->text.size);
        chat_discard(c, c->list.n - 1);
    } else {
        chat_reload(c, &ignored);
    }
    if (c->view->refused != NULL)
        c->view->refused(c->view->context, buf_text(&text), err);
    buf_free(&text);
}

static void give_up_loading(struct chat *c, const struct error *err)
{
    worker_free(c->next);
    free(c->next_path);
    c->next = NULL;
    c->next_path = NULL;
    if (c->view->failed != NULL)
        c->view->failed(c->view->context, err);
    if (c->waiting)
        refuse(c, err);
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
static void take_model(struct chat *c)
{
    struct error err = {0};
    struct chat_template *template = template_for(c, worker_model(c->next), &err);
    if (template == NULL) {
        give_up_loading(c, &err);
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
        refuse(c, &err);
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
            take_model(c);
        else if (event.kind == EVENT_FAILED)
            give_up_loading(c, &event.error);
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
        refuse(c, &err);
    }
}
