/* Send: a message sent while the model loads is saved at once, and answered later. */
#include <config.h>

#include "app/chat/send.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/queue.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

enum error_code chat_ask_or_wait(struct chat *c, struct error *err)
{
    struct error ignored = {0}; /* chat_save reports it */
    if (!speaker_is_loading(c->speaker))
        return chat_ask(c, err);
    chat_save(c, &ignored);
    answering_wait_for_model(c->answering, true);
    return ERR_NONE;
}

enum error_code chat_send(struct chat *c, const char *text, size_t size, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE)
        return err->code;
    if (chat_list_add(&c->list, ROLE_USER, text, size) == NULL)
        return error_memory(err);
    chat_settings_first_seed(c->settings);
    answering_retract_on_failure(c->answering, true);
    enum error_code code = chat_ask_or_wait(c, err);
    if (code != ERR_NONE)
        chat_discard(c, c->list.n - 1);
    else
        undone_clear(c->undone);
    return code;
}

enum error_code chat_continue(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE)
        return err->code;
    if (c->list.n > 0 && chat_list_last(&c->list)->state == STORE_STREAMING && chat_reload(c, err) != ERR_NONE)
        return err->code;
    if (c->list.n == 0)
        return error_set(err, ERR_NOT_FOUND, "there is no message yet to continue");
    if (chat_list_last(&c->list)->state == STORE_STREAMING)
        return error_set(err, ERR_BUSY, "another window is writing this answer; wait for its end");
    answering_retract_on_failure(c->answering, false);
    return chat_ask_or_wait(c, err);
}

void chat_ask_waiting(struct chat *c)
{
    struct error err = {0};
    if (!answering_waits_for_model(c->answering))
        return;
    answering_wait_for_model(c->answering, false);
    if (chat_ask(c, &err) != ERR_NONE)
        chat_refuse(c, &err);
}

/* ---- messages that wait ----------------------------------------------------------------------------------------- */

size_t chat_queued(const struct chat *c)
{
    return queue_count(c->queue);
}

const char *chat_queued_text(const struct chat *c, size_t index)
{
    return queue_text(c->queue, index);
}

/* Stores and tells what waits now. */
static void queue_changed(struct chat *c)
{
    chat_save_properties(c);
    if (c->view->queued != NULL)
        c->view->queued(c->view->context);
}

enum error_code chat_queue(struct chat *c, const char *text, size_t size, struct error *err)
{
    if (c->compare != NULL)
        return error_set(err, ERR_BUSY, "answers are compared; Esc ends that, then Enter sends this");
    if (!queue_insert(c->queue, queue_count(c->queue), text, size))
        return error_memory(err);
    queue_changed(c);
    return ERR_NONE;
}

char *chat_unqueue(struct chat *c, size_t index)
{
    char *text = queue_take(c->queue, index);
    queue_changed(c);
    return text;
}

bool chat_requeue(struct chat *c, const char *text)
{
    if (!queue_insert(c->queue, 0, text, strlen(text)))
        return false;
    queue_changed(c);
    return true;
}

void chat_send_queued(struct chat *c)
{
    struct error err = {0};
    if (!queue_is_due(c->queue) || chat_is_busy(c))
        return;
    queue_set_due(c->queue, false);
    const char *text = queue_text(c->queue, 0);
    if (chat_send(c, text, strlen(text), &err) == ERR_NONE)
        free(chat_unqueue(c, 0)); /* only now: after a crash between the two it is there twice, and not lost */
    else
        chat_remark(c, true, "the next message can't be sent, and waits: %s", err.message);
}
