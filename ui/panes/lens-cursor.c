/* Lens cursor: tokens as stretches of bytes. */
#include <config.h>

#include "ui/panes/lens-cursor.h"

#include <stdlib.h>

#include "ui/text/style.h"

enum { NEAR = 50 }; /* messages from the first in view whose tokens are wanted */

struct lens_cursor {
    const struct messages *messages;
    bool on;
    size_t message;
    size_t
        token; /* where it was put: the last that there is when there are fewer, e.g. of an answer that begins anew */
};

struct lens_cursor *lens_cursor_new(const struct messages *messages)
{
    struct lens_cursor *c = calloc(1, sizeof *c);
    if (c != NULL)
        c->messages = messages;
    return c;
}

void lens_cursor_free(struct lens_cursor *c)
{
    free(c);
}

static bool is_answer(const struct lens_cursor *c, size_t message)
{
    return messages_at(c->messages, message)->speaker == UI_MODEL;
}

static size_t token_count(const struct lens_cursor *c)
{
    return c->message < messages_count(c->messages) ? messages_at(c->messages, c->message)->n_tokens : 0;
}

void lens_cursor_start(struct lens_cursor *c, size_t selected)
{
    size_t n = messages_count(c->messages), end = selected < n ? selected + 1 : n;
    while (end > 0 && !is_answer(c, end - 1))
        end--;
    c->on = true;
    c->message = end > 0 ? end - 1 : n;
    c->token = SIZE_MAX;
}

void lens_cursor_stop(struct lens_cursor *c)
{
    c->on = false;
}

void lens_cursor_end(struct lens_cursor *c)
{
    size_t n = messages_count(c->messages);
    c->message = n > 0 ? n - 1 : 0;
    c->token = SIZE_MAX;
}

/* The token under the cursor, which exists unless there is none. */
static size_t present_token(const struct lens_cursor *c)
{
    size_t n = token_count(c);
    return c->token < n ? c->token : n > 0 ? n - 1 : 0;
}

bool lens_cursor_is_at_end(struct lens_cursor *c)
{
    return c->message + 1 >= messages_count(c->messages) && present_token(c) + 1 >= token_count(c);
}

bool lens_cursor_at(struct lens_cursor *c, size_t *message, size_t *token)
{
    *message = c->message;
    *token = present_token(c);
    return c->on && *token < token_count(c);
}

static bool move_to_answer(struct lens_cursor *c, int step)
{
    for (size_t i = c->message; step < 0 ? i > 0 : i + 1 < messages_count(c->messages);) {
        i = step < 0 ? i - 1 : i + 1;
        const struct message *x = messages_at(c->messages, i);
        if (is_answer(c, i) && (x->n_tokens > 0 || !x->knows_tokens)) {
            c->message = i;
            c->token = step < 0 ? SIZE_MAX : 0;
            return true;
        }
    }
    return false;
}

bool lens_cursor_move(struct lens_cursor *c, int step)
{
    if (c->message >= messages_count(c->messages))
        return false;
    c->token = present_token(c);
    if (step < 0 && c->token > 0)
        c->token--;
    else if (step > 0 && c->token + 1 < token_count(c))
        c->token++;
    else if (!move_to_answer(c, step))
        return false;
    return true;
}

void lens_cursor_put(struct lens_cursor *c, size_t token)
{
    c->token = token;
}

uint32_t lens_cursor_byte(const struct lens_cursor *c)
{
    uint32_t at = 0;
    for (size_t i = 0; i < present_token(c) && i < token_count(c); i++)
        at += messages_at(c->messages, c->message)->tokens[i].bytes;
    return at;
}

size_t lens_cursor_shade(const struct lens_cursor *c, size_t message, size_t source, size_t size, unsigned *style)
{
    const struct message *x = messages_at(c->messages, message);
    size_t at = 0;
    for (size_t i = 0; c->on && i < x->n_tokens; i++) {
        size_t end = at + x->tokens[i].bytes;
        if (source < end) {
            *style = STYLE_LENS_0 + x->tokens[i].shade;
            if (message == c->message && i == present_token(c))
                *style = STYLE_SELECTED;
            return end - source < size ? end - source : size;
        }
        at = end;
    }
    return size;
}

size_t lens_cursor_wants(const struct lens_cursor *c, size_t first)
{
    size_t n = messages_count(c->messages);
    for (size_t i = first; c->on && i < n && i < first + NEAR; i++)
        if (is_answer(c, i) && !messages_at(c->messages, i)->knows_tokens)
            return i;
    return n;
}
