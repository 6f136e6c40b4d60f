/* Queue: an array of texts. Kept, each has its size before it, as in "5:Hello", so that it may hold anything. */
#include <config.h>

#include "app/chat/queue.h"

#include <stdlib.h>
#include <string.h>

struct queue {
    char **at;
    size_t n;
    bool due;
};

struct queue *queue_new(void)
{
    return calloc(1, sizeof(struct queue));
}

void queue_free(struct queue *q)
{
    if (q == NULL)
        return;
    queue_clear(q);
    free(q->at);
    free(q);
}

size_t queue_count(const struct queue *q)
{
    return q->n;
}

const char *queue_text(const struct queue *q, size_t index)
{
    return q->at[index];
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static char *copy_text(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < size; i++)
        copy[i] = text[i] != '\0' ? text[i] : ' ';
    copy[size] = '\0';
    return copy;
}

bool queue_insert(struct queue *q, size_t index, const char *text, size_t size)
{
    char *copy = copy_text(text, size), **more = realloc(q->at, (q->n + 1) * sizeof *more);
    if (more != NULL)
        q->at = more;
    if (copy == NULL || more == NULL) {
        free(copy);
        return false;
    }
    memmove(q->at + index + 1, q->at + index, (q->n - index) * sizeof *q->at);
    q->at[index] = copy;
    q->n++;
    return true;
}

char *queue_take(struct queue *q, size_t index)
{
    char *text = q->at[index];
    q->n--;
    memmove(q->at + index, q->at + index + 1, (q->n - index) * sizeof *q->at);
    return text;
}

void queue_clear(struct queue *q)
{
    while (q->n > 0)
        free(queue_take(q, q->n - 1));
    q->due = false;
}

void queue_set_due(struct queue *q, bool due)
{
    q->due = due;
}

bool queue_is_due(const struct queue *q)
{
    return q->due && q->n > 0;
}

/* ---- keeping ---------------------------------------------------------------------------------------------------- */

bool queue_write(const struct queue *q, struct buf *out)
{
    for (size_t i = 0; i < q->n; i++)
        if (!buf_printf(out, "%zu:", strlen(q->at[i])) || !buf_puts(out, q->at[i]))
            return false;
    return true;
}

bool queue_read(struct queue *q, const char *kept)
{
    for (const char *end = kept + strlen(kept); kept < end;) {
        char *text;
        size_t size = strtoull(kept, &text, 10);
        if (text == kept || *text != ':' || size > (size_t)(end - text - 1))
            return true;
        if (!queue_insert(q, q->n, text + 1, size))
            return false;
        kept = text + 1 + size;
    }
    return true;
}
