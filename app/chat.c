/* Chat: the messages, and the models that come and go behind them. */
#include <config.h>

#include "app/chat.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat-internal.h"
#include "app/models.h"

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
    const char *name = options->raw ? "plain" : options->template_name;
    if (name != NULL && (c->template_name = strdup(name)) == NULL)
        error_set(err, ERR_MEMORY, "no memory for a name");
    else if (start_loading(c, NULL, err) == ERR_NONE)
        return c;
    chat_free(c);
    return NULL;
}

void chat_free(struct chat *c)
{
    if (c == NULL)
        return;
    template_free(c->template);
    prompt_free(&c->prompt);
    worker_free(c->next);
    worker_free(c->worker);
    free(c->next_path);
    free(c->path);
    free(c->template_name);
    buf_free(&c->system);
    chat_list_free(&c->list);
    chat_list_free(&c->taken);
    free(c);
}

void chat_keep(struct chat *c, const struct chat_keeper *keeper)
{
    c->keeper = keeper;
}

/* ---- asking the chat -------------------------------------------------------------------------------------------- */

enum chat_state chat_state(const struct chat *c)
{
    if (c->request != 0)
        return c->reading ? CHAT_READING : CHAT_ANSWERING;
    if (c->next != NULL)
        return CHAT_LOADING;
    return c->worker != NULL ? CHAT_IDLE : CHAT_NO_MODEL;
}

bool chat_is_busy(const struct chat *c)
{
    return c->request != 0 || c->waiting;
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
}

const struct prompt *chat_last_prompt(const struct chat *c)
{
    return c->prompt.ids.n > 0 ? &c->prompt : NULL;
}

size_t chat_window(const struct chat *c)
{
    return c->window;
}

/* ---- changing the messages -------------------------------------------------------------------------------------- */

static enum error_code check_idle(const struct chat *c, struct error *err)
{
    return chat_is_busy(c) ? error_set(err, ERR_BUSY, "an answer is under way; stop it first") : ERR_NONE;
}

/* The same for what needs a model, now or soon. */
static enum error_code check_ready(const struct chat *c, struct error *err)
{
    if (chat_state(c) == CHAT_NO_MODEL)
        return error_set(err, ERR_NOT_FOUND, "no model is open; /model NAME opens one");
    return check_idle(c, err);
}

/* Cuts the list and tells the keeper; the window begins anew when what it began with is gone. */
static void cut(struct chat *c, size_t n)
{
    if (n < c->list.n && c->keeper != NULL)
        c->keeper->removed(c->keeper->context, n);
    chat_list_cut(&c->list, n);
    if (c->window >= n)
        c->window = 0;
}

static void tell_appended(const struct chat *c, size_t from)
{
    for (size_t i = from; c->keeper != NULL && i < c->list.n; i++)
        c->keeper->appended(c->keeper->context, i);
}

/* Asks now, or as soon as the model is there. */
static enum error_code ask_or_wait(struct chat *c, struct error *err)
{
    if (c->next == NULL)
        return chat_ask(c, err);
    c->waiting = true;
    return ERR_NONE;
}

enum error_code chat_send(struct chat *c, const char *text, size_t size, struct error *err)
{
    if (check_ready(c, err) != ERR_NONE)
        return err->code;
    if (chat_list_add(&c->list, ROLE_USER, text, size) == NULL)
        return error_set(err, ERR_MEMORY, "no memory for a message of %zu bytes", size);
    if (c->keeper != NULL)
        c->keeper->appended(c->keeper->context, c->list.n - 1);
    c->tries = 0;
    enum error_code code = ask_or_wait(c, err);
    if (code != ERR_NONE)
        cut(c, c->list.n - 1);
    else
        chat_list_cut(&c->taken, 0);
    return code;
}

enum error_code chat_regenerate(struct chat *c, struct error *err)
{
    if (check_ready(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list);
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no answer yet to make again");
    struct chat_list old = {0};
    if (!chat_list_move(&c->list, user + 1, &old))
        return error_set(err, ERR_MEMORY, "no memory for an answer");
    if (old.n > 0 && c->keeper != NULL)
        c->keeper->removed(c->keeper->context, user + 1);
    c->tries++;
    enum error_code code = ask_or_wait(c, err);
    if (code != ERR_NONE && chat_list_move(&old, 0, &c->list))
        tell_appended(c, user + 1);
    chat_list_free(&old);
    return code;
}

enum error_code chat_continue(struct chat *c, struct error *err)
{
    if (check_ready(c, err) != ERR_NONE)
        return err->code;
    if (c->list.n == 0)
        return error_set(err, ERR_NOT_FOUND, "there is nothing yet to go on with");
    return ask_or_wait(c, err);
}

enum error_code chat_undo(struct chat *c, const char **text, struct error *err)
{
    if (check_idle(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list), taken = c->taken.n;
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no message to take back");
    if (c->keeper != NULL)
        c->keeper->removed(c->keeper->context, user);
    if (!chat_list_move(&c->list, user, &c->taken))
        return error_set(err, ERR_MEMORY, "no memory for the messages taken back");
    cut(c, user);
    if (text != NULL)
        *text = buf_text(&c->taken.at[taken].text);
    return ERR_NONE;
}

enum error_code chat_redo(struct chat *c, const char **text, struct error *err)
{
    if (check_idle(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->taken), n = c->list.n;
    if (user == c->taken.n)
        return error_set(err, ERR_NOT_FOUND, "nothing was taken back since the last message");
    if (!chat_list_move(&c->taken, user, &c->list))
        return error_set(err, ERR_MEMORY, "no memory for the messages");
    tell_appended(c, n);
    if (text != NULL)
        *text = buf_text(&c->list.at[n].text);
    return ERR_NONE;
}

enum error_code chat_clear(struct chat *c, struct error *err)
{
    if (check_idle(c, err) != ERR_NONE)
        return err->code;
    cut(c, 0);
    chat_list_cut(&c->taken, 0);
    prompt_free(&c->prompt);
    c->prompt = (struct prompt){0};
    return ERR_NONE;
}

enum error_code chat_set_system(struct chat *c, const char *text, struct error *err)
{
    if (check_idle(c, err) != ERR_NONE)
        return err->code;
    buf_clear(&c->system);
    if (!buf_puts(&c->system, text))
        return error_set(err, ERR_MEMORY, "no memory for the system message");
    c->window = 0;
    return ERR_NONE;
}

/* ---- templates and models --------------------------------------------------------------------------------------- */

enum error_code chat_set_template(struct chat *c, const char *name, struct error *err)
{
    if (check_ready(c, err) != ERR_NONE)
        return err->code;
    char *copy = name != NULL ? strdup(name) : NULL;
    struct chat_template *template = NULL;
    if (name != NULL && copy == NULL)
        return error_set(err, ERR_MEMORY, "no memory for a name");
    if (chat_model(c) == NULL)
        error_set(err, ERR_BUSY, "the model is still loading; try again in a moment");
    else
        template = models_template_named(c->options, name, chat_model(c), err);
    if (template == NULL) {
        free(copy);
        return err->code;
    }
    template_free(c->template);
    free(c->template_name);
    c->template = template;
    c->template_name = copy;
    c->window = 0;
    return ERR_NONE;
}

enum error_code chat_set_model(struct chat *c, const char *name, struct error *err)
{
    return check_idle(c, err) != ERR_NONE ? err->code : start_loading(c, name, err);
}

/* The message that waited can't be answered. */
static void refuse(struct chat *c, const struct error *err)
{
    c->waiting = false;
    size_t last = c->list.n - 1;
    struct chat_list gone = {0};
    if (c->list.at[last].role == ROLE_USER && chat_list_move(&c->list, last, &gone)) {
        cut(c, last);
        if (c->keeper != NULL)
            c->keeper->removed(c->keeper->context, last);
    }
    if (c->view->refused != NULL)
        c->view->refused(c->view->context, gone.n > 0 ? buf_text(&gone.at[0].text) : "", err);
    chat_list_free(&gone);
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

/* The new model takes the old one's place. */
static void take_model(struct chat *c)
{
    struct error err = {0};
    struct chat_template *template =
        models_template_named(c->options, c->template_name, worker_model(c->next), &err);
    if (template == NULL) {
        give_up_loading(c, &err);
        return;
    }
    template_free(c->template);
    worker_free(c->worker);
    free(c->path);
    c->template = template;
    c->worker = c->next;
    c->path = c->next_path;
    c->next = NULL;
    c->next_path = NULL;
    c->window = 0;
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
    return worker != NULL ? worker_fd(worker) : -1;
}

void chat_handle(struct chat *c)
{
    struct event event;
    while (c->next != NULL && worker_next(c->next, &event)) {
        if (event.kind == EVENT_LOADED)
            take_model(c);
        else if (event.kind == EVENT_FAILED)
            give_up_loading(c, &event.error);
    }
    while (c->next == NULL && c->worker != NULL && worker_next(c->worker, &event))
        chat_take_event(c, &event);
}

void chat_stop(struct chat *c)
{
    struct error err = {0};
    if (c->request != 0) {
        c->stopping = true;
        worker_stop(c->worker);
    } else if (c->waiting) {
        error_set(&err, ERR_STOPPED, "stopped before the model was loaded");
        refuse(c, &err);
    }
}
