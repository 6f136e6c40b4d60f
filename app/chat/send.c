/* Chat: messages that are sent, and those that wait for the model. */
#include <config.h>

#include "app/chat/internal.h"

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

/* The message that waited can't be answered: one just sent is taken out, others stay as they are stored. */
void chat_refuse(struct chat *c, const struct error *err)
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
