/* Answer: asking, and what the model says.
 *
 * An answer that fills the context continues after a prompt from which older exchanges are left out. */
#include <config.h>

#include "app/chat/answer.h"

#include <string.h>

#include "app/chat/adjust.h"
#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/queue.h"
#include "app/chat/manner.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/script.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/caches.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

static void take_answer_event(struct chat *c, const struct event *event);

/* ---- asking ----------------------------------------------------------------------------------------------------- */

void chat_tell_window(const struct chat *c)
{
    struct script script = chat_script(c);
    size_t whole = c->view->window != NULL ? script_count_whole(&script) : 0;
    size_t seen = answering_context_used(c->answering);
    if (whole > 0) /* else the view is told of the next change */
        c->view->window(c->view->context, c->first_visible, whole > seen ? whole - seen : 0);
}

/* Saves the question and the beginning of the answer. What can't be saved yet waits, unless it is an answer to
 * continue: that one may be another program's, or out of reach. */
static enum error_code save_before(struct chat *c, struct error *err)
{
    struct error reported = {0};
    enum error_code code = chat_save(c, &reported);
    bool needed = chat_list_last(&c->list)->id != 0 && !chat_has_reply(c);
    return code != ERR_NONE && needed ? error_set(err, code, "%s", reported.message) : ERR_NONE;
}

/* The model's cache of a conversation is kept as long as that is, and of a temporary one not at all. */
static void keep_cache(struct chat *c)
{
    char name[STORE_ID_SIZE];
    const bool lasting = !home_is_temporary(c->home) &&
                         caches_name(home_store(c->home), home_conversation(c->home), name);
    speaker_keep(c->speaker, lasting ? name : NULL);
}

/* Makes the question, saves what is new, and asks. */
static enum error_code request_answer(struct chat *c, struct error *err)
{
    struct speaker_question question;
    struct script_start start;
    struct script script = chat_script(c);
    if (script_question(&script, answering_forced(c->answering), &question, &start, err) != ERR_NONE)
        return err->code;
    uint64_t request = 0;
    if (save_before(c, err) == ERR_NONE) {
        chat_settle_settings(c);
        struct sampling s = chat_request_sampling(c);
        keep_cache(c);
        request = speaker_ask(c->speaker, &question, &s, take_answer_event, err);
    }
    if (request == 0) {
        speaker_question_free(&question);
        return err->code;
    }
    answering_begin_request(c->answering, request, &question);
    if (start.message != c->first_visible || start.byte != c->first_byte) {
        chat_see_text_from(c, start);
        chat_tell_window(c);
    }
    return ERR_NONE;
}

static enum error_code give_settings(const struct chat *c, struct chat_message *answer, struct error *err)
{
    const struct sampling s = chat_settings_for_answer(c->settings);
    return manner_give(answer, &s) ? ERR_NONE : error_memory(err);
}

/* Adds an empty answer to the last message. */
static enum error_code add_answer(struct chat *c, struct error *err)
{
    struct chat_message *answer = chat_list_add(&c->list, ROLE_ASSISTANT, "", 0);
    if (answer == NULL)
        return error_memory(err);
    if (give_settings(c, answer, err) != ERR_NONE) {
        chat_list_cut(&c->list, c->list.n - 1);
        return err->code;
    }
    answer->model = strdup(speaker_name(c->speaker));
    return ERR_NONE;
}

enum error_code chat_ask(struct chat *c, struct error *err)
{
    bool fresh = chat_list_last(&c->list)->role != ROLE_ASSISTANT;
    if (fresh && add_answer(c, err) != ERR_NONE)
        return err->code;
    struct chat_message *answer = chat_list_last(&c->list);
    if (answer->model == NULL && give_settings(c, answer, err) != ERR_NONE) /* the user wrote what is continued */
        return err->code;
    enum store_state before = answer->state;
    answer->state = STORE_STREAMING;
    answering_begin(c->answering);
    if (request_answer(c, err) == ERR_NONE)
        return ERR_NONE;
    answering_end(c->answering);
    chat_list_last(&c->list)->state = before;
    if (fresh)
        chat_discard(c, c->list.n - 1);
    return err->code;
}

void chat_preview(struct chat *c)
{
    if (answering_has_logits(c->answering) && answering_request(c->answering) == 0)
        speaker_preview(c->speaker, chat_settings_sampling(c->settings));
}

void chat_set_stepping(struct chat *c, bool on)
{
    answering_set_stepping(c->answering, on);
    speaker_pace(c->speaker, on ? 0 : -1);
}

void chat_step(struct chat *c, int32_t id)
{
    if (!answering_is_paused(c->answering))
        return;
    answering_resume(c->answering);
    if (id >= 0)
        speaker_force(c->speaker, id);
    else
        speaker_pace(c->speaker, answering_is_stepping(c->answering) ? 1 : -1);
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void take_answer_token(struct chat *c, const struct event *event)
{
    answering_count_text(c->answering, event->id >= 0); /* other events bring only text */
    if (event->text_size > 0)
        buf_append(&chat_list_last(&c->list)->text, event->text, event->text_size);
    chat_save_token(c, event);
    if (c->view->token != NULL)
        c->view->token(c->view->context, event);
}

static void add_timings(struct timings *sum, const struct timings *t)
{
    if (sum->answer_tokens == 0)
        sum->first_token_seconds = t->first_token_seconds;
    sum->prompt_tokens = t->prompt_tokens;
    sum->reused_tokens = t->reused_tokens;
    sum->answer_tokens += t->answer_tokens;
    sum->guessed_tokens += t->guessed_tokens;
    sum->true_guesses += t->true_guesses;
    sum->prefill_seconds += t->prefill_seconds;
    sum->decode_seconds += t->decode_seconds;
}

/* A base model seldom ends by itself: a text has to have a length to be continued past the context. */
static bool may_renew(const struct chat *c)
{
    return !answering_is_stopping(c->answering) && (!chat_continues_text(c) || chat_sampling(c)->max_new_tokens >= 0);
}

/* Continues an answer that filled the context, or asks again for what a server found too long. False if nothing older can be
 * left out. */
static bool renew_request(struct chat *c)
{
    struct error ignored = {0}; /* then the answer ends here */
    struct script script = chat_script(c);
    struct speaker_question question;
    struct script_start start;
    if (!may_renew(c) || script_question(&script, NULL, &question, &start, &ignored) != ERR_NONE)
        return false;
    bool older_left_out = start.message > c->first_visible || chat_continues_text(c);
    bool estimated = chat_host(c) != NULL; /* and the estimate before was too small */
    bool shorter = older_left_out && (estimated || question.tokens < answering_context_used(c->answering));
    speaker_question_free(&question);
    return shorter && request_answer(c, &ignored) == ERR_NONE;
}

static struct chat_message *end_answer(struct chat *c, enum finish finish, enum store_state state)
{
    struct chat_message *answer = chat_list_last(&c->list);
    struct error ignored = {0}; /* chat_save reports it */
    answer->finish = finish;
    answer->state = state;
    answering_end(c->answering);
    chat_settle_settings(c);
    chat_save(c, &ignored);
    chat_title_later(c);
    return chat_list_last(&c->list);
}

/* Whether the settings allow the answer more tokens. */
static bool may_continue(const struct chat *c)
{
    int32_t most = chat_sampling(c)->max_new_tokens;
    return most < 0 || answering_tokens_before(c->answering) < most;
}

/* Some servers drop the beginning of what is longer than their context, and tell nobody. */
static void tell_cut(struct chat *c)
{
    size_t counted, expected;
    if (speaker_take_cut(c->speaker, &counted, &expected))
        chat_remark(
            c, true,
            "%s counted %zu tokens where about %zu were sent: it may have left out the beginning; with its context "
            "in the endpoints file (context = N), what does not fit is left out here, and marked",
            chat_host(c), counted, expected);
}

static void take_answer_end(struct chat *c, const struct event *event)
{
    answering_end_request(c->answering);
    add_timings(&chat_list_last(&c->list)->timings, &event->timings);
    if (speaker_has_counted(c->speaker))
        answering_count_prompt(c->answering, event->timings.prompt_tokens);
    if (event->finish == FINISH_CONTEXT) {
        answering_carry_tokens(c->answering);
        if (may_continue(c) && renew_request(c))
            return;
    }
    answering_keep_logits(c->answering, true);
    queue_set_due(c->queue, event->finish != FINISH_STOPPED && !answering_is_stopping(c->answering));
    const struct chat_message *answer =
        end_answer(c, event->finish, event->finish == FINISH_STOPPED ? STORE_STOPPED : STORE_COMPLETE);
    if (c->view->ended != NULL)
        c->view->ended(c->view->context, answer);
    tell_cut(c);
}

void chat_refuse(struct chat *c, const struct error *err)
{
    struct buf text;
    struct error ignored = {0}; /* then the messages stay as they are */
    answering_wait_for_model(c->answering, false);
    buf_init(&text, CHAT_TEXT_MOST);
    if (answering_is_retracted_on_failure(c->answering)) {
        const struct chat_message *last = chat_list_last(&c->list);
        buf_append(&text, buf_text(&last->text), last->text.size);
        chat_discard(c, c->list.n - 1);
    } else {
        chat_reload(c, &ignored);
    }
    if (c->view->refused != NULL)
        c->view->refused(c->view->context, buf_text(&text), err);
    buf_free(&text);
}

/* A server that failed before it said anything leaves no answer: the question stays, for /continue. */
static bool drop_empty_answer(struct chat *c)
{
    struct error ignored = {0}; /* then the path ends with the question */
    if (chat_host(c) == NULL || chat_list_last(&c->list)->text.size > 0)
        return false;
    answering_end(c->answering);
    chat_discard(c, c->list.n - 1);
    chat_tell_changed(c, c->list.n);
    chat_reload(c, &ignored);
    return true;
}

static void take_answer_failure(struct chat *c, const struct event *event)
{
    answering_end_request(c->answering);
    add_timings(&chat_list_last(&c->list)->timings, &event->timings);
    if (event->error.code == ERR_CONTEXT && chat_host(c) != NULL && renew_request(c))
        return;
    if (!drop_empty_answer(c)) {
        end_answer(c, FINISH_STOPPED, STORE_INTERRUPTED);
    } else if (event->error.code == ERR_CONTEXT && answering_is_retracted_on_failure(c->answering)) {
        chat_refuse(c, &event->error); /* as one that is found too long here */
        return;
    }
    if (c->view->failed != NULL)
        c->view->failed(c->view->context, &event->error);
}

static void take_answer_preview(struct chat *c, const struct event *event)
{
    answering_pause(c->answering);
    if (c->view->preview != NULL)
        c->view->preview(c->view->context, event);
}

static void take_answer_event(struct chat *c, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LOADING:
    case EVENT_LOADED: break;
    case EVENT_PROMPT:
    case EVENT_PREFILL:
        if (c->view->reading != NULL)
            c->view->reading(c->view->context, event->done, event->total);
        break;
    case EVENT_TOKEN: take_answer_token(c, event); break;
    case EVENT_PREVIEW: take_answer_preview(c, event); break;
    case EVENT_DONE: take_answer_end(c, event); break;
    case EVENT_FAILED: take_answer_failure(c, event); break;
    }
}
