/* Tell: each call of the chat changes the parts that it is about. */
#include <config.h>

#include "app/screen/tell.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/options/options.h"
#include "app/screen/compare.h"
#include "app/screen/composer.h"
#include "app/screen/draft.h"
#include "app/screen/frame.h"
#include "app/screen/list.h"
#include "app/screen/queue.h"
#include "app/screen/records.h"
#include "app/screen/roads.h"
#include "app/screen/said.h"
#include "app/screen/settings.h"
#include "app/screen/status.h"
#include "app/screen/step.h"
#include "app/screen/view.h"
#include "app/screen/welcome.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/error.h"
#include "engine/engine.h"

/* Seconds after which an answer is a long one. */
#define LONG_ANSWER 5.0

static void on_loaded(void *context)
{
    struct screen *s = context;
    struct error err = {0};
    screen_status_recount(s);
    screen_settings_changed(s);
    screen_composer_label(s);
    screen_status_show(s);
    screen_welcome_show(s);
    if (models_check_sampling(chat_sampling(s->repl.chat), chat_model(s->repl.chat), &err) != ERR_NONE)
        ui_notice(s->ui, true, err.message);
}

static void on_loading(void *context)
{
    screen_status_show(context);
}

static void on_reading(void *context, size_t done, size_t total)
{
    struct screen *s = context;
    screen_status_read(s, done, total);
    screen_status_show(s);
}

static void on_token(void *context, const struct event *event)
{
    struct screen *s = context;
    screen_status_count_token(s, event);
    screen_view_grow(s, event->text, event->text_size);
    screen_settings_show_candidates(s, event);
    screen_status_show(s);
}

static void on_window(void *context, size_t messages, size_t tokens)
{
    struct screen *s = context;
    char label[160], count[COUNT_TEXT];
    count_write(tokens, count);
    if (chat_continues_text(s->repl.chat))
        snprintf(label, sizeof label, "above this line the model no longer sees (%s tokens)", count);
    else
        snprintf(label, sizeof label, "above this line the model no longer sees (%zu message%s, %s tokens)", messages,
                 plural(messages), count);
    ui_set_window(s->ui, messages, chat_first_byte(s->repl.chat), label);
}

/* ---- the end of an answer --------------------------------------------------------------------------------------- */

/* "": it ended by itself. */
static void write_note(const struct screen *s, const struct chat_message *answer, char *out, size_t size)
{
    *out = '\0';
    if (answer->finish == FINISH_END && answer->text.size == 0)
        snprintf(out, size, "the model said nothing; /regenerate tries again");
    else if (answer->finish == FINISH_STOPPED && !screen_roads_wait(s))
        snprintf(out, size, "stopped; /continue resumes it");
    else if (answer->finish == FINISH_LENGTH)
        snprintf(out, size, "stopped after %d tokens (max_new_tokens); /continue resumes it",
                 (int)chat_sampling(s->repl.chat)->max_new_tokens);
    else if (answer->finish == FINISH_CONTEXT)
        snprintf(out, size, "the context is full; /new begins a new conversation, palaver -c N sets a larger context");
}

static void ring_bell(struct screen *s)
{
    enum bell bell = s->options->bell;
    bool wanted = bell == BELL_ALWAYS || (bell == BELL_AWAY && !ui_has_focus(s->ui));
    if (wanted && screen_status_elapsed(s) > LONG_ANSWER)
        ui_bell(s->ui);
}

static void on_ended(void *context, const struct chat_message *answer)
{
    struct screen *s = context;
    struct error err = {0};
    char note[160];
    screen_step_end(s);
    screen_records_forget(s);
    screen_status_end(s, &answer->timings);
    screen_list_changed(s);
    write_note(s, answer, note, sizeof note);
    if (*note != '\0')
        ui_remark(s->ui, false, note);
    ring_bell(s);
    screen_status_show_head(s);
    chat_preview(s->repl.chat);
    ui_tokens_changed(s->ui); /* a short answer may have ended before its record could be read */
    screen_roads_resume(s, &err);
    screen_said_error(s, &err);
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

static void on_refused(void *context, const char *text, const struct error *err)
{
    struct screen *s = context;
    size_t size;
    screen_draft_tick(s); /* a conversation that began with the message is gone, and its draft with it */
    screen_view_sync(s);
    screen_said_error(s, err);
    ui_typed(s->ui, &size, NULL);
    if (size == 0 && s->repl.sent.size > 0)
        ui_set_typed(s->ui, buf_text(&s->repl.sent), s->repl.sent.size);
    else if (size == 0) /* it was sent and a server would not have it */
        ui_set_typed(s->ui, text, strlen(text));
    else if (*text != '\0') /* something else is being typed */
        chat_requeue(s->repl.chat, text);
}

static void on_failed(void *context, const struct error *err)
{
    struct screen *s = context;
    screen_step_end(s);
    screen_said_error(s, err);
    screen_status_show(s);
}

static void on_remark(void *context, bool trouble, const char *text)
{
    struct screen *s = context;
    if (s->ui != NULL)
        ui_remark(s->ui, trouble, text);
}

/* ---- other messages --------------------------------------------------------------------------------------------- */

static void on_changed(void *context, size_t from)
{
    struct screen *s = context;
    if (s->ui == NULL)
        return;
    screen_view_cut(s, from);
    if (from == 0) {
        if (chat_is_busy(s->repl.chat)) /* an answer that went on: what is counted of it begins here */
            screen_status_begin(s);
        ui_set_window(s->ui, 0, 0, NULL);
        ui_set_matches(s->ui, NULL, 0);
        ui_show_end(s->ui);
    }
    screen_status_recount(s);
    screen_list_changed(s);
    screen_settings_no_candidates(s);
    screen_view_sync(s);
    screen_queue_changed(s);
    screen_status_show_head(s);
    screen_status_show(s);
    screen_welcome_show(s);
}

void screen_tell_all(struct screen *s)
{
    on_changed(s, 0);
}

static void on_titled(void *context, const char *title)
{
    struct screen *s = context;
    (void)title;
    screen_list_changed(s);
    screen_status_show_head(s);
}

static void on_compared(void *context, size_t side)
{
    struct screen *s = context;
    (void)side;
    screen_compare_changed(s);
}

static void on_queued(void *context)
{
    struct screen *s = context;
    screen_view_sync(s);
    screen_queue_changed(s);
}

static void on_elsewhere(void *context)
{
    struct screen *s = context;
    screen_list_changed(s);
    screen_status_show(s);
}

static void on_preview(void *context, const struct event *event)
{
    struct screen *s = context;
    screen_settings_show_candidates(s, event);
    screen_frame_hurry(s); /* what a setting changes is seen at once */
    if (chat_waits(s->repl.chat))
        screen_step_begin(s, event);
}

struct chat_view screen_tell_view(struct screen *s)
{
    return (struct chat_view){
        .context = s,
        .without_model = true,
        .loaded = on_loaded,
        .loading = on_loading,
        .reading = on_reading,
        .token = on_token,
        .window = on_window,
        .ended = on_ended,
        .refused = on_refused,
        .failed = on_failed,
        .changed = on_changed,
        .remark = on_remark,
        .titled = on_titled,
        .compared = on_compared,
        .queued = on_queued,
        .elsewhere = on_elsewhere,
        .preview = on_preview,
    };
}
