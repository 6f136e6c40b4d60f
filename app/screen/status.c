/* Status: the two lines, and what is counted for them. */
#include <config.h>

#include "app/screen/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/fields.h"
#include "app/chat/models.h"
#include "app/library/home.h"
#include "app/text/plural.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* Bytes of messages above which the context's fill is not counted between answers: the next answer tells it. */
enum { COUNT_MOST = 100000 };
/* Seconds of an answer after which its speed means something. */
#define SPEED_AFTER 0.2

struct screen_status {
    double asked;          /* when the answer was asked for, clock_seconds */
    double first;          /* when its first token came; 0: not yet */
    size_t done, total;    /* tokens of the prompt that are read, and all of them */
    size_t tokens;         /* of this answer */
    size_t guessed, right; /* of this answer: see struct timings */
    size_t used;           /* tokens of the context; SIZE_MAX: to be counted */
    bool estimated;        /* they are */
    size_t waits_at;       /* the token that a waiting answer waits at, from 1 */
    char speed[96];        /* of the last answer */
    char beside[96];       /* what goes on beside the chat, to be said while the model has nothing to do */
    bool base;             /* ui shows one text without names */
};

struct screen_status *screen_status_new(void)
{
    struct screen_status *status = calloc(1, sizeof *status);
    if (status != NULL)
        status->used = SIZE_MAX;
    return status;
}

void screen_status_free(struct screen_status *status)
{
    free(status);
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

static void write_speed(const struct timings *t, char *out, size_t size)
{
    int at = snprintf(out, size, "%.0f t/s  first %.1f s",
                      t->decode_seconds > 0 ? (double)t->answer_tokens / t->decode_seconds : 0, t->first_token_seconds);
    if (t->guessed_tokens > 0 && at > 0 && (size_t)at < size)
        snprintf(out + at, size - (size_t)at, "  %zu/%zu guessed", t->true_guesses, t->guessed_tokens);
}

void screen_status_begin(struct screen *s)
{
    struct screen_status *status = s->status;
    status->asked = clock_seconds();
    status->first = 0;
    status->tokens = status->done = status->total = 0;
    status->guessed = status->right = 0;
}

void screen_status_read(struct screen *s, size_t done, size_t total)
{
    s->status->done = done;
    s->status->total = total;
}

void screen_status_count_token(struct screen *s, const struct event *event)
{
    if (s->status->first == 0)
        s->status->first = clock_seconds();
    s->status->tokens += event->id >= 0;
    if (event->id >= 0) {
        s->status->guessed = event->guessed;
        s->status->right = event->guessed_right;
    }
}

void screen_status_wait_at(struct screen *s, size_t number)
{
    s->status->waits_at = number;
}

void screen_status_end(struct screen *s, const struct timings *t)
{
    struct screen_status *status = s->status;
    *status->speed = '\0';
    if (t->answer_tokens > 0)
        write_speed(t, status->speed, sizeof status->speed);
    status->used = chat_last_used(s->repl.chat);
    status->estimated = chat_last_used_is_estimated(s->repl.chat);
}

void screen_status_recount(struct screen *s)
{
    s->status->used = SIZE_MAX;
}

size_t screen_status_used(const struct screen *s)
{
    return s->status->used == SIZE_MAX ? 0 : s->status->used;
}

double screen_status_elapsed(const struct screen *s)
{
    return clock_seconds() - s->status->asked;
}

/* Tokens of the context that the conversation takes; 0 for one too long to count now. */
static size_t count_used(const struct screen *s)
{
    struct chat *c = s->repl.chat;
    struct prompt prompt;
    struct error ignored = {0}; /* a conversation that does not fit says so when it is answered */
    size_t bytes = 0;
    if (chat_host(c) != NULL)
        return chat_count(c) > 0 ? chat_estimate_used(c) : 0;
    for (size_t i = chat_first_visible(c); i < chat_count(c); i++)
        bytes += chat_message(c, i)->text.size;
    if (bytes > COUNT_MOST || chat_count(c) == 0 || chat_render(c, &prompt, &ignored) != ERR_NONE)
        return 0;
    size_t n = prompt.ids.n;
    prompt_free(&prompt);
    return n;
}

void screen_status_beside(struct screen *s, const char *text)
{
    snprintf(s->status->beside, sizeof s->status->beside, "%s", text);
    screen_status_show(s);
}

/* ---- the line above --------------------------------------------------------------------------------------------- */

/* What is in force and not the default, so that nothing acts unseen; "" for nothing. It has no " · ", which parts what
 * may be left out. */
static void write_mark(const struct chat *c, char *out, size_t size)
{
    const struct sampling usual = chat_base_sampling(c, NULL);
    int n = __builtin_popcount(fields_changed(&usual, chat_sampling(c)) & SETTINGS_ALL);
    bool system = *chat_system(c) != '\0';
    int at = snprintf(out, size, "%s%s%s", system ? "system" : "", chat_system_is_unseen(c) ? " message unseen" : "",
                      system && n > 0 ? ", " : "");
    if (n > 0)
        snprintf(out + at, size - (size_t)at, "%d setting%s changed", n, plural((size_t)n));
}

static void write_model(const struct screen *s, char *out, size_t size)
{
    const struct chat *c = s->repl.chat;
    char name[140], mark[80];
    models_label(chat_model_path(c), name, sizeof name);
    const struct chat_template *template = chat_template(c);
    char label[200] = "";
    if (template != NULL)
        models_template_label(template, label, sizeof label);
    write_mark(c, mark, sizeof mark);
    const char *gap = *mark != '\0' ? " · " : "";
    if (chat_host(c) != NULL)
        snprintf(out, size, "%s · temp %.2g%s%s · remote %.60s", name, (double)chat_sampling(c)->temperature, gap, mark,
                 chat_host(c)); /* the last part is never left out */
    else if (template == NULL)
        snprintf(out, size, "%s%s%s", name, gap, mark);
    else
        snprintf(out, size, "%s · %s · temp %.2g%s%s", name, label, (double)chat_sampling(c)->temperature, gap, mark);
}

void screen_status_show_head(struct screen *s)
{
    char model[480], title[STORE_TITLE_MAX + 40] = "New conversation";
    struct store_conversation conversation = {0};
    struct error ignored = {0}; /* without its title it is called a new one */
    const struct home *home = chat_home(s->repl.chat);
    int64_t id = home_conversation(home);
    if (id != 0 && store_conversation_get(home_store(home), id, &conversation, &ignored) == ERR_NONE) {
        snprintf(title, sizeof title, "%s", *conversation.title != '\0' ? conversation.title : "Untitled");
        store_conversation_free(&conversation);
    }
    if (home_is_temporary(home))
        snprintf(title + strlen(title), sizeof title - strlen(title), " (temporary: not saved)");
    if (chat_continues_text(s->repl.chat) != s->status->base) {
        s->status->base = !s->status->base;
        ui_set_base(s->ui, s->status->base);
    }
    write_model(s, model, sizeof model);
    ui_set_head(s->ui, title, model);
}

/* ---- the line below --------------------------------------------------------------------------------------------- */

/* A server may put a request off, and need not tell how far it has read. */
static void write_waiting(const struct screen *s, char *out, size_t size)
{
    const char *why;
    const int seconds = chat_server_waits(s->repl.chat, &why);
    if (seconds > 0)
        snprintf(out, size, "again in %d s: %.70s · Esc stops", seconds, why);
    else
        snprintf(out, size, "waiting for %.50s, %.0f s · Esc stops", chat_host(s->repl.chat),
                 clock_seconds() - s->status->asked);
}

static void write_reading(const struct screen_status *status, char *out, size_t size)
{
    double passed = clock_seconds() - status->asked;
    size_t percent = status->total > 0 ? status->done * 100 / status->total : 0;
    double left = status->done > 0 ? passed * (double)(status->total - status->done) / (double)status->done : 0;
    if (left >= 1.5)
        snprintf(out, size, "reading the prompt %zu%%, %d s left · Esc stops", percent, (int)(left + 0.5));
    else
        snprintf(out, size, "reading the prompt %zu%% · Esc stops", percent);
}

static void write_loading(const struct chat *c, char *out, size_t size)
{
    const char *why;
    char percent[16] = "";
    const int seconds = chat_server_waits(c, &why);
    if (seconds > 0) {
        snprintf(out, size, "again in %d s: %.80s", seconds, why);
        return;
    }
    if (chat_loading_percent(c) >= 0)
        snprintf(percent, sizeof percent, " %d%%", chat_loading_percent(c));
    if (chat_host(c) != NULL && !chat_is_ready(c))
        snprintf(out, size, "asking %.60s for its models%s", chat_host(c), chat_is_busy(c) ? " · Esc stops" : "");
    else
        snprintf(out, size, "loading the model%s%s", percent, chat_is_busy(c) ? " · Esc stops" : "");
}

static void write_state(const struct screen *s, char *out, size_t size)
{
    const struct chat *c = s->repl.chat;
    enum chat_state state = chat_state(c);
    const size_t elsewhere = chat_answers_elsewhere(c);
    if (repl_reads(&s->repl))
        repl_reading(&s->repl, out, size);
    else if (state == CHAT_LOADING)
        write_loading(c, out, size);
    else if (state == CHAT_READING && chat_host(c) != NULL && s->status->total == 0)
        write_waiting(s, out, size);
    else if (state == CHAT_READING)
        write_reading(s->status, out, size);
    else if (chat_compared(c) > 0)
        snprintf(out, size, chat_compare_runs(c) ? "comparing · Esc stops" : "compared · Enter keeps one");
    else if (chat_waits(c))
        snprintf(out, size, "waits at token %zu · → draws it · Esc stops", s->status->waits_at);
    else if (state == CHAT_ANSWERING)
        snprintf(out, size, "answering · Esc stops");
    else if (*s->status->beside != '\0')
        snprintf(out, size, "%s", s->status->beside);
    else if (state == CHAT_NO_MODEL)
        snprintf(out, size, "no model · /model finds one");
    else if (elsewhere > 0)
        snprintf(out, size, "ready · %zu answer%s elsewhere", elsewhere, elsewhere == 1 ? "" : "s");
    else
        snprintf(out, size, "ready");
}

void screen_status_show(struct screen *s)
{
    char text[120], speed[96];
    struct screen_status *status = s->status;
    const struct chat *c = s->repl.chat;
    struct ui_status shown = {.text = text, .speed = status->speed, .available = chat_capacity(c)};
    bool answering = (chat_state(c) == CHAT_ANSWERING || chat_waits(c)) && chat_compared(c) == 0;
    double passed = clock_seconds() - status->first;
    shown.state = chat_is_busy(c) || repl_reads(&s->repl) ? UI_BUSY
                  : chat_state(c) == CHAT_NO_MODEL        ? UI_FAILED
                                                          : UI_IDLE;
    write_state(s, text, sizeof text);
    if (answering) {
        status->used = chat_last_used(c);
        status->estimated = chat_last_used_is_estimated(c);
    }
    if (answering && !chat_waits(c) && status->first > 0 && passed > SPEED_AFTER) {
        const struct timings now = {.answer_tokens = status->tokens,
                                    .guessed_tokens = status->guessed,
                                    .true_guesses = status->right,
                                    .first_token_seconds = status->first - status->asked,
                                    .decode_seconds = passed};
        write_speed(&now, speed, sizeof speed);
        shown.speed = speed;
    }
    if (status->used == SIZE_MAX && shown.available > 0) {
        status->used = count_used(s);
        status->estimated = chat_host(c) != NULL && status->used > 0;
    }
    shown.used = screen_status_used(s);
    shown.estimated = status->estimated;
    ui_set_status(s->ui, &shown);
}
