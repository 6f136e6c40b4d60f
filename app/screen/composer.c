/* Composer: edits and own words borrow the composer, the message being written is put aside meanwhile. */
#include <config.h>

#include "app/screen/composer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/screen/due.h"
#include "app/screen/status.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/count.h"

/* Bytes up to which text is counted at every key; bytes of an answer that the label shows. */
enum { COUNT_AT_ONCE = 4096, WORDS_LABEL = 40 };
/* Seconds after which longer text is counted. */
#define COUNT_AFTER 0.2

struct screen_composer {
    enum screen_use use;
    size_t index, token; /* see screen_composer_use */
    char *aside;         /* what was typed before; NULL: nothing */
    char before[64];     /* the end of the text that own words follow */
    double count_due;    /* when the text is to be counted, clock_seconds; 0: it was */
};

struct screen_composer *screen_composer_new(void)
{
    return calloc(1, sizeof(struct screen_composer));
}

void screen_composer_free(struct screen_composer *composer)
{
    if (composer != NULL)
        free(composer->aside);
    free(composer);
}

enum screen_use screen_composer_use(const struct screen *s, size_t *index, size_t *token)
{
    if (index != NULL)
        *index = s->composer->index;
    if (token != NULL)
        *token = s->composer->token;
    return s->composer->use;
}

/* ---- edits and own words ---------------------------------------------------------------------------------------- */

/* Shows another text, and keeps the message that was being written. */
static void borrow_composer(struct screen *s, enum screen_use use, size_t index, const char *text, size_t size)
{
    struct screen_composer *composer = s->composer;
    size_t typed;
    if (composer->use == USE_MESSAGE) {
        free(composer->aside);
        composer->aside = strdup(ui_unsent(s->ui, &typed, NULL));
    }
    composer->use = use;
    composer->index = index;
    ui_set_typed(s->ui, text, size);
    ui_compose(s->ui);
    screen_composer_label(s);
}

enum error_code screen_composer_edit(struct screen *s, size_t index, struct error *err)
{
    const struct chat *c = s->repl.chat;
    if (index >= chat_count(c))
        return error_set(err, ERR_NOT_FOUND, "there is no message to edit");
    if (chat_is_busy(c))
        return error_set(err, ERR_BUSY, "an answer is being written; Esc stops it, then the message can be edited");
    const struct buf *text = &chat_message(c, index)->text;
    borrow_composer(s, USE_EDIT, index, buf_text(text), text->size);
    return ERR_NONE;
}

/* The last bytes of a text on one line, whole characters. */
static void write_end(const char *text, size_t size, char *out, size_t out_size)
{
    const char *shown = text + (size > WORDS_LABEL ? size - WORDS_LABEL : 0), *end = text + size;
    while (shown < end && ((*shown & 0xC0) == 0x80 || *shown == ' '))
        shown++;
    snprintf(out, out_size, "%.*s", (int)(end - shown), shown);
    for (char *p = out; *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
}

void screen_composer_begin_words(struct screen *s, size_t index, size_t token, const char *before, size_t size)
{
    /* the word that is replaced began with a space, or one that follows the text must */
    bool space = before[size] == ' ' || (before[size] == '\0' && size > 0 && strchr(" \n", before[size - 1]) == NULL);
    write_end(before, size, s->composer->before, sizeof s->composer->before);
    s->composer->token = token;
    borrow_composer(s, USE_WORDS, index, space ? " " : "", space);
}

void screen_composer_end(struct screen *s)
{
    struct screen_composer *composer = s->composer;
    const char *text = composer->aside != NULL ? composer->aside : "";
    composer->use = USE_MESSAGE;
    ui_set_typed(s->ui, text, strlen(text));
    free(composer->aside);
    composer->aside = NULL;
    screen_composer_label(s);
}

/* ---- the label -------------------------------------------------------------------------------------------------- */

static void write_label(const struct screen *s, size_t tokens, char *out, size_t size)
{
    const struct buf *files = &s->repl.attached;
    size_t attached = files->size > 0 ? chat_count_tokens(s->repl.chat, buf_text(files), files->size) : 0;
    size_t capacity = chat_capacity(s->repl.chat), used = screen_status_used(s);
    const char *about = chat_count_sign(s->repl.chat);
    char count[COUNT_TEXT], other[COUNT_TEXT];
    int at = 0;
    count_write(tokens, count);
    if (capacity > 0 && tokens + attached >= capacity)
        at = snprintf(out, size, "%s%s tokens, more than the context of %s · ", about, count,
                      count_write(capacity, other));
    else if (capacity > 0 && tokens > 0 && used + tokens + attached >= capacity)
        at = snprintf(out, size, "%s%s tokens, the model will no longer see the oldest messages · ", about, count);
    else if (tokens > 0)
        at = snprintf(out, size, "%s%s token%s · ", about, count, plural(tokens));
    if (files->size > 0)
        at += snprintf(out + at, size - (size_t)at, "+ %.60s, %s%s tokens · ", buf_text(&s->repl.attached_names), about,
                       count_write(attached, other));
    snprintf(out + at, size - (size_t)at, "Enter %s",
             chat_is_busy(s->repl.chat) && chat_compared(s->repl.chat) == 0 ? "queues" : "sends");
}

void screen_composer_label(struct screen *s)
{
    char label[240], mode[160];
    size_t size;
    const struct screen_composer *composer = s->composer;
    const char *typed = ui_typed(s->ui, &size, NULL);
    size_t tokens = size > 0 && typed[0] != '/' ? chat_count_tokens(s->repl.chat, typed, size) : 0;
    s->composer->count_due = 0;
    write_label(s, tokens, label, sizeof label);
    if (composer->use == USE_WORDS)
        snprintf(mode, sizeof mode, "your words after “%s” · Esc leaves them ·", composer->before);
    else
        snprintf(mode, sizeof mode, "editing message %zu · Esc leaves it as it is ·", composer->index + 1);
    ui_set_composer_label(s->ui, label, composer->use != USE_MESSAGE ? mode : NULL);
}

void screen_composer_changed(struct screen *s)
{
    size_t size;
    ui_typed(s->ui, &size, NULL);
    if (size <= COUNT_AT_ONCE)
        screen_composer_label(s);
    else
        s->composer->count_due = clock_seconds() + COUNT_AFTER;
}

void screen_composer_tick(struct screen *s)
{
    if (s->composer->count_due > 0 && clock_seconds() >= s->composer->count_due)
        screen_composer_label(s);
}

int screen_composer_due(const struct screen *s)
{
    return s->composer->count_due > 0 ? due_in(s->composer->count_due) : -1;
}
