/* By the way: a copy of the conversation's messages, to which questions and answers are added, and a guest that answers.
 * The guest stays for further questions, which then need not have the earlier ones read again. */
#include <config.h>

#include "app/chat/btw.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/list.h"
#include "app/chat/script.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "base/buf.h"

enum {
    ROOM = 2048,      /* tokens of an answer for which the settings have no limit: nobody waits for a longer one */
    LEAST_ROOM = 256, /* that are left for it: to leave more of the conversation out would have all of it read again */
};

/* Stands for an answer that has not begun: templates want questions and answers in turns. */
static const char NOT_BEGUN[] = "…";

struct btw {
    struct chat *chat;
    struct speaker *guest;
    struct chat_list list; /* ends with the answer to the last question */
    char *system;
    size_t first_visible;
    struct sampling sampling;
    bool loaded; /* the guest can be asked */
    bool runs;
    size_t read, to_read; /* tokens of the question and what precedes it; 0: it does not read */
    struct btw_end end;
};

/* ---- what it sees ----------------------------------------------------------------------------------------------- */

static bool copy_message(struct btw *b, const struct chat_message *m)
{
    const bool begun = m->role != ROLE_ASSISTANT || m->text.size > 0;
    return chat_list_add(&b->list, m->role, begun ? buf_text(&m->text) : NOT_BEGUN,
                         begun ? m->text.size : strlen(NOT_BEGUN)) != NULL;
}

static bool copy_conversation(struct btw *b)
{
    const struct chat *c = b->chat;
    bool ok = (b->system = strdup(chat_system(c))) != NULL;
    for (size_t i = 0; ok && i < c->list.n; i++)
        ok = copy_message(b, &c->list.at[i]);
    if (ok && b->list.n > 0 && chat_list_last(&b->list)->role == ROLE_USER) /* it waits for its answer */
        ok = chat_list_add(&b->list, ROLE_ASSISTANT, NOT_BEGUN, strlen(NOT_BEGUN)) != NULL;
    b->first_visible = c->first_visible;
    return ok;
}

static bool add_question(struct btw *b, const char *question)
{
    return chat_list_add(&b->list, ROLE_USER, question, strlen(question)) != NULL &&
           chat_list_add(&b->list, ROLE_ASSISTANT, "", 0) != NULL;
}

/* The question with what precedes it, said by a speaker that has the model. */
static enum error_code make_question(const struct btw *b, const struct speaker *speaker, struct speaker_question *out,
                                     struct error *err)
{
    const int32_t most = b->sampling.max_new_tokens;
    const struct script script = {.speaker = speaker,
                                  .system = b->system,
                                  .messages = b->list.at,
                                  .n = b->list.n,
                                  .first_visible = b->first_visible,
                                  .max_new_tokens = most < LEAST_ROOM ? most : LEAST_ROOM};
    struct script_start start;
    return script_question(&script, NULL, out, &start, err);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static void end_answer(struct btw *b, enum finish finish)
{
    b->runs = false;
    b->to_read = 0;
    b->end.finish = finish;
}

/* Asks the guest, which has the model. */
static void ask_guest(struct btw *b)
{
    struct speaker_question question = {0};
    uint64_t request = 0;
    if (make_question(b, b->guest, &question, &b->end.error) == ERR_NONE)
        request = speaker_ask(b->guest, &question, &b->sampling, NULL, &b->end.error);
    speaker_question_free(&question);
    if (request == 0)
        end_answer(b, FINISH_STOPPED);
}

static void begin_answer(struct btw *b)
{
    b->runs = true;
    b->end = (struct btw_end){0};
    b->sampling = chat_settings_for_answer(b->chat->settings);
    if (b->sampling.max_new_tokens < 0)
        b->sampling.max_new_tokens = ROOM;
    speaker_add_stops(b->chat->speaker, &b->sampling);
}

static enum error_code check_chat(const struct chat *c, const char *question, struct error *err)
{
    if (question[strspn(question, " \t\n")] == '\0')
        return error_set(err, ERR_ARGUMENT, "ask what? /btw QUESTION answers it beside the conversation");
    if (chat_state(c) == CHAT_NO_MODEL)
        return error_set(err, ERR_NOT_FOUND, "no model is open that could be asked; /model NAME opens one");
    if (!speaker_is_ready(c->speaker) || speaker_is_loading(c->speaker))
        return error_set(err, ERR_BUSY, "the model is still loading; try again in a moment");
    if (c->compare != NULL)
        return error_set(err, ERR_BUSY, "answers are being compared; leave the comparison first");
    if (chat_continues_text(c))
        return error_set(err, ERR_UNSUPPORTED,
                         "the model continues this text and answers no questions; /raw off begins a dialogue");
    return ERR_NONE;
}

/* Whether the question fits, which the guest can only be asked later. */
static enum error_code check_fits(const struct btw *b, struct error *err)
{
    struct speaker_question question = {0};
    make_question(b, b->chat->speaker, &question, err);
    speaker_question_free(&question);
    return err->code;
}

struct btw *btw_ask(struct chat *c, const char *question, struct error *err)
{
    struct btw *b = check_chat(c, question, err) == ERR_NONE ? calloc(1, sizeof *b) : NULL;
    if (b == NULL) {
        if (err->code == ERR_NONE)
            error_memory(err);
        return NULL;
    }
    b->chat = c;
    begin_answer(b);
    if (!copy_conversation(b) || !add_question(b, question))
        error_memory(err);
    else if (check_fits(b, err) == ERR_NONE)
        b->guest = speaker_guest(c->speaker, err);
    if (b->guest != NULL)
        return b;
    btw_free(b);
    return NULL;
}

enum error_code btw_ask_again(struct btw *b, const char *question, struct error *err)
{
    const size_t n = b->list.n;
    if (b->runs)
        return error_set(err, ERR_BUSY, "an answer is being made; Esc stops it");
    if (!b->loaded)
        return error_set(err, ERR_NOT_FOUND, "the model can't be asked beside the conversation; ask anew");
    if (check_chat(b->chat, question, err) != ERR_NONE)
        return err->code;
    if (chat_list_last(&b->list)->text.size == 0)
        buf_puts(&chat_list_last(&b->list)->text, NOT_BEGUN);
    begin_answer(b);
    if (!add_question(b, question))
        error_memory(err);
    else
        check_fits(b, err);
    if (err->code == ERR_NONE) {
        ask_guest(b);
        return ERR_NONE;
    }
    chat_list_cut(&b->list, n);
    end_answer(b, FINISH_STOPPED);
    return err->code;
}

void btw_free(struct btw *b)
{
    if (b == NULL)
        return;
    speaker_free(b->guest);
    chat_list_free(&b->list);
    free(b->system);
    free(b);
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void take_loaded(struct btw *b)
{
    b->loaded = speaker_use_loaded(b->guest, NULL, &b->end.error) == ERR_NONE;
    if (b->loaded && b->runs)
        ask_guest(b);
    else
        end_answer(b, FINISH_STOPPED);
}

static void take_event(struct btw *b, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LOADING:
    case EVENT_PROMPT:
    case EVENT_PREVIEW: break;
    case EVENT_LOADED: take_loaded(b); break;
    case EVENT_PREFILL:
        b->read = event->done;
        b->to_read = event->total;
        break;
    case EVENT_TOKEN:
        b->to_read = 0;
        buf_append(&chat_list_last(&b->list)->text, event->text, event->text_size);
        break;
    case EVENT_FAILED: b->end.error = event->error; /* fall through */
    case EVENT_DONE:
        b->end.timings = event->timings;
        end_answer(b, event->finish);
        break;
    }
}

int btw_fd(const struct btw *b)
{
    return b != NULL ? speaker_fd(b->guest) : -1;
}

void btw_handle(struct btw *b)
{
    struct event event;
    while (b != NULL && speaker_next(b->guest, &event))
        take_event(b, &event);
}

bool btw_runs(const struct btw *b)
{
    return b != NULL && b->runs;
}

void btw_stop(struct btw *b)
{
    if (b == NULL || !b->runs)
        return;
    if (b->loaded)
        speaker_stop(b->guest);
    else
        end_answer(b, FINISH_STOPPED); /* it is asked nothing when it is ready */
}

int btw_reading(const struct btw *b)
{
    return b != NULL && b->to_read > 0 ? (int)(b->read * 100 / b->to_read) : -1;
}

const struct buf *btw_answer(const struct btw *b)
{
    return &chat_list_last(&b->list)->text;
}

const struct btw_end *btw_end(const struct btw *b)
{
    return &b->end;
}
