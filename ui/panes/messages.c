/* Messages: their text and what is known of them. */
#include <config.h>

#include "ui/panes/messages.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20 };

struct messages {
    struct message *at;
    size_t n, capacity;
};

struct messages *messages_new(void)
{
    return calloc(1, sizeof(struct messages));
}

void messages_free(struct messages *m)
{
    if (m == NULL)
        return;
    messages_cut(m, 0);
    free(m->at);
    free(m);
}

size_t messages_count(const struct messages *m)
{
    return m->n;
}

const struct message *messages_at(const struct messages *m, size_t index)
{
    return &m->at[index];
}

static void drop_marks(struct message *x)
{
    for (size_t i = 0; i < x->n_marks; i++)
        free(x->marks[i].text);
    free(x->marks);
    x->marks = NULL;
    x->n_marks = 0;
}

static void free_message(struct message *x)
{
    buf_free(&x->text);
    free(x->about);
    drop_marks(x);
    free(x->tokens);
}

/* Takes all but the text. */
static void take_traits(struct message *x, const struct ui_message *from)
{
    free(x->about);
    x->knows_marks = x->knows_marks && x->id == from->id && x->running == from->running;
    x->id = from->id;
    x->speaker = from->speaker;
    x->time = from->time;
    x->sibling = from->sibling;
    x->siblings = from->siblings;
    x->about = from->about != NULL ? strdup(from->about) : NULL;
    x->running = from->running;
    x->changes++;
}

bool messages_add(struct messages *m, const struct ui_message *from)
{
    if (m->n == m->capacity) {
        size_t capacity = 2 * m->capacity + 64;
        struct message *at = realloc(m->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        m->at = at;
        m->capacity = capacity;
    }
    struct message *x = &m->at[m->n];
    *x = (struct message){0};
    buf_init(&x->text, TEXT_MOST);
    if (from->text != NULL && !buf_append(&x->text, from->text, from->size))
        return false;
    take_traits(x, from);
    m->n++;
    return true;
}

bool messages_grow(struct messages *m, size_t index, const char *text, size_t size)
{
    if (index >= m->n)
        return false;
    m->at[index].changes++;
    m->at[index].knows_tokens = false;
    return buf_append(&m->at[index].text, text, size);
}

bool messages_change(struct messages *m, size_t index, const struct ui_message *from)
{
    if (index >= m->n)
        return false;
    struct message *x = &m->at[index];
    take_traits(x, from);
    if (from->text == NULL)
        return true;
    buf_clear(&x->text);
    return buf_append(&x->text, from->text, from->size);
}

bool messages_set_marks(struct messages *m, size_t index, const struct ui_mark *marks, size_t n)
{
    if (index >= m->n)
        return false;
    struct message *x = &m->at[index];
    bool changes = n > 0 || x->n_marks > 0;
    x->knows_marks = true;
    drop_marks(x);
    x->marks = n > 0 ? malloc(n * sizeof *x->marks) : NULL;
    for (size_t i = 0; x->marks != NULL && i < n; i++) {
        char *clean = text_clean_line(marks[i].text);
        if (clean != NULL)
            x->marks[x->n_marks++] = (struct message_mark){(uint32_t)marks[i].at, clean};
    }
    return changes;
}

bool messages_set_tokens(struct messages *m, size_t index, const struct ui_token *tokens, size_t n)
{
    if (index >= m->n)
        return false;
    struct message *x = &m->at[index];
    struct ui_token *copy = malloc((n + 1) * sizeof *copy);
    if (copy == NULL)
        return false;
    if (n > 0)
        memcpy(copy, tokens, n * sizeof *copy);
    free(x->tokens);
    x->tokens = copy;
    x->n_tokens = n;
    x->knows_tokens = true;
    return true;
}

void messages_forget_tokens(struct messages *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->at[i].knows_tokens = false;
}

void messages_unfold(struct messages *m, size_t index, bool unfolded)
{
    if (index >= m->n || m->at[index].unfolded == unfolded)
        return;
    m->at[index].unfolded = unfolded;
    m->at[index].changes++;
}

void messages_cut(struct messages *m, size_t from)
{
    while (m->n > from)
        free_message(&m->at[--m->n]);
}
