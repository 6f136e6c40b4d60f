/* Chat: what it is asked and what it tells; the ground of this room. */
#include <config.h>

#include "app/chat/chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "app/chat/internal.h"

int64_t chat_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct home *chat_home(const struct chat *c)
{
    return c->home;
}

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

const struct prompt *chat_last_prompt(const struct chat *c)
{
    return c->prompt.ids.n > 0 ? &c->prompt : NULL;
}

size_t chat_window(const struct chat *c)
{
    return c->window;
}

bool chat_is_stepping(const struct chat *c)
{
    return c->stepping;
}

bool chat_waits(const struct chat *c)
{
    return c->waits;
}

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
