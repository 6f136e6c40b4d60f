/* Token: what the panes of settings and of the lens show alike. */
#include <config.h>

#include "app/screen/token.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/chat/chat.h"
#include "base/buf.h"

enum { PIECE_MOST = 4096 };

void screen_token_write_text(const char *text, size_t size, char *out, size_t most)
{
    size_t at = 0;
    for (size_t i = 0; i < size && at + 4 < most; i++) {
        const char *shown = text[i] == ' ' ? "␣" : text[i] == '\n' ? "⏎" : NULL;
        if (shown != NULL)
            at += (size_t)sprintf(out + at, "%s", shown);
        else
            out[at++] = text[i];
    }
    out[at] = '\0';
}

void screen_token_write(const struct screen *s, int32_t id, char *out, size_t size)
{
    struct buf piece;
    const struct chat *chat = s->repl.chat;
    const char *spelling = chat_model(chat) != NULL ? tokenizer_spelling(model_tokenizer(chat_model(chat)), id) : "?";
    buf_init(&piece, PIECE_MOST);
    if (!chat_piece(chat, id, &piece) || piece.size == 0)
        buf_puts(&piece, spelling);
    screen_token_write_text(buf_text(&piece), piece.size, out, size);
    buf_free(&piece);
}

size_t screen_token_rows(const struct screen *s, const struct event *event, struct ui_candidate *rows,
                         char (*words)[TOKEN_TEXT])
{
    if (!chat_is_ready(s->repl.chat))
        return 0;
    for (int i = 0; i < event->n_best; i++) {
        const struct candidate *c = &event->best[i];
        screen_token_write(s, c->id, words[i], TOKEN_TEXT);
        rows[i] =
            (struct ui_candidate){words[i], c->before, c->after, sampler_stage_name(c->removed_by), c->id == event->id};
    }
    return (size_t)event->n_best;
}

/* The seed says nothing about one token, and without a penalty its window says nothing. */
static bool is_idle(const struct sampling *sampling, const struct sampling_field *field)
{
    bool penalty = sampling->repetition_penalty != 1.0f || sampling->presence_penalty != 0.0f ||
                   sampling->frequency_penalty != 0.0f;
    return !sampling_in_use(sampling, field) || field->kind == FIELD_SEED ||
           (!penalty && field->offset == offsetof(struct sampling, repetition_window));
}

void screen_token_write_settings(const struct sampling *sampling, char *out, size_t size)
{
    int at = snprintf(out, size, "settings here:");
    for (const struct sampling_field *field = sampling_fields; field->name != NULL && at < (int)size; field++) {
        char value[32];
        sampling_get(sampling, field, value, sizeof value);
        if (!is_idle(sampling, field) && strcmp(value, "Off") != 0)
            at += snprintf(out + at, size - (size_t)at, " %s %s", field->name, value);
    }
}
