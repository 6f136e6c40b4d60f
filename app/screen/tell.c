/* Screen: what the chat tells, as messages and a status. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/terminal/progress.h"
#include "app/screen/screen.h"

/* Seconds after which an answer is a long one. */
#define LONG_ANSWER 5.0

/* ---- messages --------------------------------------------------------------------------------------------------- */

static double rate(size_t tokens, double seconds)
{
    return seconds > 0 ? (double)tokens / seconds : 0;
}

/* What stands behind an answer's name: tokens, speed, how it ended. */
static void write_about(const struct chat_message *m, bool running, char *out, size_t size)
{
    const struct timings *t = &m->timings;
    size_t at = 0;
    *out = '\0';
    if (m->role != ROLE_ASSISTANT || running)
        return;
    if (t->answer_tokens > 0)
        at += (size_t)snprintf(out, size, "%zu token%s", t->answer_tokens, t->answer_tokens == 1 ? "" : "s");
    if (t->answer_tokens > 0 && t->decode_seconds > 0 && at < size)
        at += (size_t)snprintf(out + at, size - at, " · %.0f t/s", rate(t->answer_tokens, t->decode_seconds));
    if (t->answer_tokens > 0 && t->first_token_seconds > 0 && at < size)
        at += (size_t)snprintf(out + at, size - at, " · %.1f s", t->first_token_seconds);
    const char *state = m->state == STORE_INTERRUPTED  ? "interrupted"
                        : m->state == STORE_STOPPED    ? "stopped"
                        : m->finish == FINISH_LENGTH   ? "cut at max_new_tokens"
                        : m->finish == FINISH_CONTEXT  ? "context full"
                                                       : NULL;
    if (state != NULL && at < size)
        snprintf(out + at, size - at, "%s%s", at > 0 ? " · " : "", state);
}

static void describe(const struct screen *f, size_t index, char *about, size_t size, struct ui_message *out)
{
    const struct chat_message *m = chat_message(f->repl.chat, index);
    bool running = index + 1 == chat_count(f->repl.chat) && m->role == ROLE_ASSISTANT && chat_is_busy(f->repl.chat);
    write_about(m, running, about, size);
    *out = (struct ui_message){.id = m->id,
                               .speaker = m->role == ROLE_ASSISTANT ? UI_MODEL : UI_YOU,
                               .time = m->created,
                               .sibling = m->sibling,
                               .siblings = m->siblings,
                               .about = about,
                               .running = running,
                               .text = buf_text(&m->text),
                               .size = m->text.size};
}

static void refresh_message(struct screen *f, size_t index)
{
    char about[128];
    struct ui_message m;
    if (index >= f->shown || index >= chat_count(f->repl.chat))
        return;
    describe(f, index, about, sizeof about, &m);
    ui_message_change(f->ui, index, &m);
}

void screen_sync(struct screen *f)
{
    char about[128];
    struct ui_message m;
    size_t n = chat_count(f->repl.chat);
    bool busy = chat_is_busy(f->repl.chat), more = n > f->shown;
    if (f->shown > n) {
        ui_messages_cut(f->ui, n);
        f->shown = n;
    }
    if (more && f->shown > 0)
        refresh_message(f, f->shown - 1);
    for (; f->shown < n; f->shown++) {
        describe(f, f->shown, about, sizeof about, &m);
        ui_message_add(f->ui, &m);
    }
    if (busy != f->was_busy) {
        if (busy) {
            f->asked = clock_seconds();
            f->first = 0;
            f->tokens = f->done = f->total = 0;
        }
        f->was_busy = busy;
        if (n > 0)
            refresh_message(f, n - 1);
        if (n > 1)
            refresh_message(f, n - 2);
        screen_status(f);
    }
}

/* ---- what the chat tells ---------------------------------------------------------------------------------------- */

void screen_loaded(void *context)
{
    struct screen *f = context;
    f->used = SIZE_MAX;
    screen_settings_changed(f);
    screen_label(f);
    screen_status(f);
}

void screen_reading(void *context, size_t done, size_t total)
{
    struct screen *f = context;
    f->done = done;
    f->total = total;
    screen_status(f);
}

void screen_token(void *context, const struct event *event)
{
    struct screen *f = context;
    size_t n = chat_count(f->repl.chat);
    if (f->first == 0)
        f->first = clock_seconds();
    f->tokens += event->id >= 0;
    if (f->shown < n)
        screen_sync(f); /* brings this text too */
    else if (n > 0 && event->text_size > 0)
        ui_message_grow(f->ui, n - 1, event->text, event->text_size);
    screen_candidates(f, event);
    screen_status(f);
}

void screen_window(void *context, size_t messages, size_t tokens)
{
    struct screen *f = context;
    char label[120];
    snprintf(label, sizeof label, "above this line the model no longer sees (%zu message%s, %zu tokens)", messages,
             messages == 1 ? "" : "s", tokens);
    ui_set_window(f->ui, messages, label);
}

void screen_ended(void *context, const struct chat_message *answer)
{
    struct screen *f = context;
    const struct timings *t = &answer->timings;
    char note[160] = "";
    screen_waits_no_more(f);
    screen_forget_records(f);
    *f->speed = '\0';
    if (t->answer_tokens > 0)
        snprintf(f->speed, sizeof f->speed, "%.0f t/s  first %.1f s", rate(t->answer_tokens, t->decode_seconds),
                 t->first_token_seconds);
    f->used = t->prompt_tokens + t->answer_tokens;
    f->relist = true;
    if (answer->finish == FINISH_END && answer->text.size == 0)
        snprintf(note, sizeof note, "the model said nothing; /regenerate tries again");
    else if (answer->finish == FINISH_STOPPED && !f->has_road)
        snprintf(note, sizeof note, "stopped; /continue goes on");
    else if (answer->finish == FINISH_LENGTH)
        snprintf(note, sizeof note, "stopped after %d tokens, as max_new_tokens says; /continue goes on",
                 (int)chat_sampling(f->repl.chat)->max_new_tokens);
    else if (answer->finish == FINISH_CONTEXT)
        snprintf(note, sizeof note, "the context is full; /new begins anew, palaver -c N has a larger one");
    if (*note != '\0')
        ui_notice(f->ui, false, note);
    bool heard = f->options->bell == BELL_ALWAYS || (f->options->bell == BELL_AWAY && !ui_has_focus(f->ui));
    if (heard && clock_seconds() - f->asked > LONG_ANSWER)
        ui_bell(f->ui);
    screen_head(f);
    chat_preview(f->repl.chat);
    screen_ended_for_road(f);
}

void screen_refused(void *context, const char *text, const struct error *err)
{
    struct screen *f = context;
    (void)text;
    screen_sync(f);
    ui_notice(f->ui, true, err->message);
    size_t size;
    ui_typed(f->ui, &size, NULL);
    if (size == 0)
        ui_set_typed(f->ui, buf_text(&f->repl.sent), f->repl.sent.size);
}

void screen_failed(void *context, const struct error *err)
{
    struct screen *f = context;
    f->failed = chat_state(f->repl.chat) == CHAT_NO_MODEL;
    screen_waits_no_more(f);
    ui_notice(f->ui, true, err->message);
    screen_status(f);
}

void screen_changed(void *context, size_t from)
{
    struct screen *f = context;
    if (f->ui == NULL)
        return;
    if (from < f->shown) {
        ui_messages_cut(f->ui, from);
        f->shown = from;
    }
    if (from == 0) {
        ui_set_window(f->ui, 0, NULL);
        ui_set_matches(f->ui, NULL, 0);
        ui_show_end(f->ui);
    }
    f->used = SIZE_MAX;
    f->relist = true;
    screen_no_candidates(f);
    screen_sync(f);
    screen_head(f);
    screen_status(f);
}

void screen_remark(void *context, bool trouble, const char *text)
{
    struct screen *f = context;
    ui_notice(f->ui, trouble, text);
}

void screen_titled(void *context, const char *title)
{
    struct screen *f = context;
    (void)title;
    f->relist = true;
    screen_head(f);
}

void screen_preview(void *context, const struct event *event)
{
    struct screen *f = context;
    screen_candidates(f, event);
    f->drawn = 0; /* what a setting changes is seen at once */
    if (chat_waits(f->repl.chat))
        screen_waits(f, event);
}

/* ---- what commands say ------------------------------------------------------------------------------------------ */

void screen_said(void *context, enum show_kind kind, const char *text)
{
    struct screen *f = context;
    if (kind == SHOW_ERROR) {
        ui_notice(f->ui, true, text);
        return;
    }
    buf_puts(&f->lines, text);
    buf_putc(&f->lines, '\n');
    f->n_lines++;
}

void screen_show_said(struct screen *f, const char *title)
{
    if (f->n_lines == 1 && f->lines.size < 200) {
        buf_truncate(&f->lines, f->lines.size - 1);
        ui_notice(f->ui, false, buf_text(&f->lines));
    } else if (f->n_lines > 0) {
        ui_view(f->ui, title, buf_text(&f->lines), f->lines.size, NULL, 0);
    }
    buf_clear(&f->lines);
    f->n_lines = 0;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static void write_model(const struct screen *f, char *out, size_t size)
{
    const char *path = chat_model_path(f->repl.chat), *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : path != NULL ? path : "no model";
    int length = (int)strlen(name);
    if (length > 5 && strcasecmp(name + length - 5, ".gguf") == 0)
        length -= 5;
    const struct chat_template *template = chat_template(f->repl.chat);
    if (template == NULL)
        snprintf(out, size, "%.*s", length, name);
    else if (template_is_base(template))
        snprintf(out, size, "%.*s · base · continues the text", length, name);
    else
        snprintf(out, size, "%.*s · chat · %s · temp %.2g", length, name, template_name(template),
                 (double)chat_sampling(f->repl.chat)->temperature);
}

void screen_head(struct screen *f)
{
    char model[200], title[STORE_TITLE_MAX + 40] = "New conversation";
    struct store_conversation c = {0};
    struct error ignored = {0};
    const struct home *keep = chat_home(f->repl.chat);
    int64_t id = home_conversation(keep);
    if (id != 0 && store_conversation_get(home_store(keep), id, &c, &ignored) == ERR_NONE) {
        snprintf(title, sizeof title, "%s", *c.title != '\0' ? c.title : "Untitled");
        store_conversation_free(&c);
    }
    if (home_is_temporary(keep))
        strcat(title, " (temporary: not saved)");
    const struct chat_template *template = chat_template(f->repl.chat);
    if (template != NULL && template_is_base(template) != f->base)
        ui_set_base(f->ui, f->base = template_is_base(template));
    write_model(f, model, sizeof model);
    ui_set_head(f->ui, title, model);
}

static void write_reading(const struct screen *f, char *out, size_t size)
{
    double passed = clock_seconds() - f->asked;
    size_t percent = f->total > 0 ? f->done * 100 / f->total : 0;
    int left = f->done > 0 ? (int)(passed * (double)(f->total - f->done) / (double)f->done + 0.5) : 0;
    if (left > 1)
        snprintf(out, size, "reading the prompt %zu%%, %d s left · Esc stops", percent, left);
    else
        snprintf(out, size, "reading the prompt %zu%% · Esc stops", percent);
}

/* Tokens of the context that the conversation takes. A long one is counted by the next answer. */
static size_t count_used(struct screen *f)
{
    struct prompt prompt;
    struct error ignored = {0};
    size_t bytes = 0;
    for (size_t i = chat_first_visible(f->repl.chat); i < chat_count(f->repl.chat); i++)
        bytes += chat_message(f->repl.chat, i)->text.size;
    if (bytes > 100000 || chat_count(f->repl.chat) == 0 || chat_render(f->repl.chat, &prompt, &ignored) != ERR_NONE)
        return 0;
    size_t n = prompt.ids.n;
    prompt_free(&prompt);
    return n;
}

void screen_status(struct screen *f)
{
    char text[120] = "", speed[96];
    struct ui_status status = {.text = text, .speed = f->speed};
    enum chat_state state = chat_state(f->repl.chat);
    const struct prompt *prompt = chat_last_prompt(f->repl.chat);
    status.available = chat_capacity(f->repl.chat);
    status.state = chat_is_busy(f->repl.chat) ? UI_BUSY : state == CHAT_NO_MODEL ? UI_FAILED : UI_IDLE;
    if (state == CHAT_LOADING) {
        snprintf(text, sizeof text, chat_is_busy(f->repl.chat) ? "loading the model · Esc stops" : "loading the model");
    } else if (state == CHAT_READING) {
        write_reading(f, text, sizeof text);
    } else if (chat_compared(f->repl.chat) > 0) {
        snprintf(text, sizeof text, chat_compare_runs(f->repl.chat) ? "comparing · Esc stops" : "compared · Enter keeps one");
    } else if (chat_waits(f->repl.chat)) {
        snprintf(text, sizeof text, "waits at token %zu · → draws it · Esc stops", f->next_number);
        f->used = (prompt != NULL ? prompt->ids.n : 0) + f->tokens;
    } else if (state == CHAT_ANSWERING) {
        double passed = clock_seconds() - f->first;
        snprintf(text, sizeof text, "answering · Esc stops");
        f->used = (prompt != NULL ? prompt->ids.n : 0) + f->tokens;
        if (f->first > 0 && passed > 0.2) {
            snprintf(speed, sizeof speed, "%.0f t/s  first %.1f s", rate(f->tokens, passed), f->first - f->asked);
            status.speed = speed;
        }
    } else if (state == CHAT_NO_MODEL) {
        snprintf(text, sizeof text, "no model · /model NAME loads one");
    } else {
        snprintf(text, sizeof text, "ready");
    }
    if (f->used == SIZE_MAX && status.available > 0)
        f->used = count_used(f);
    status.used = f->used == SIZE_MAX ? 0 : f->used;
    ui_set_status(f->ui, &status);
}

void screen_label(struct screen *f)
{
    char label[160], mode[160];
    size_t size;
    const char *typed = ui_typed(f->ui, &size, NULL);
    size_t tokens = size > 0 && typed[0] != '/' ? chat_count_tokens(f->repl.chat, typed, size) : 0;
    size_t attached = f->repl.attached.size > 0
                          ? chat_count_tokens(f->repl.chat, buf_text(&f->repl.attached), f->repl.attached.size)
                          : 0;
    f->count_due = 0;
    int at = 0;
    size_t capacity = chat_capacity(f->repl.chat), used = f->used == SIZE_MAX ? 0 : f->used;
    if (capacity > 0 && tokens + attached >= capacity)
        at = snprintf(label, sizeof label, "%zu tokens, more than the context of %zu · ", tokens, capacity);
    else if (tokens > 0 && used + tokens + attached >= capacity)
        at = snprintf(label, sizeof label, "%zu tokens, the model will no longer see the oldest messages · ", tokens);
    else if (tokens > 0)
        at = snprintf(label, sizeof label, "%zu token%s · ", tokens, tokens == 1 ? "" : "s");
    if (f->repl.attached.size > 0)
        at += snprintf(label + at, sizeof label - (size_t)at, "files: %zu tokens · ", attached);
    snprintf(label + at, sizeof label - (size_t)at, "Enter sends");
    if (f->words.at > 0)
        snprintf(mode, sizeof mode, "your words behind “%s” · Esc leaves them ·", f->words.behind);
    else
        snprintf(mode, sizeof mode, "editing message %zu · Esc leaves it as it is ·", f->editing);
    ui_set_composer_label(f->ui, label, f->editing > 0 || f->words.at > 0 ? mode : NULL);
}
