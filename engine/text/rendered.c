/* Text with the origin of each byte. */
#include "config.h"

#include "engine/text/rendered.h"

#include <stdlib.h>

enum { MAX_PROMPT = 1 << 30 };

void rendered_open(struct rendered *r)
{
    *r = (struct rendered){0};
    buf_init(&r->text, MAX_PROMPT);
}

void rendered_close(struct rendered *r)
{
    buf_free(&r->text);
    free(r->spans);
    r->spans = NULL;
    r->n_spans = r->capacity = 0;
}

static bool grow_spans(struct rendered *r)
{
    size_t more = r->capacity == 0 ? 16 : r->capacity * 2;
    void *larger = realloc(r->spans, more * sizeof *r->spans);
    if (larger == NULL)
        return false;
    r->spans = larger;
    r->capacity = more;
    return true;
}

bool rendered_add(struct rendered *r, const char *text, size_t size, enum origin origin)
{
    if (size == 0 || r->failed)
        return !r->failed;
    bool joins = r->n_spans > 0 && r->spans[r->n_spans - 1].origin == origin;
    if (!buf_append(&r->text, text, size) || (!joins && r->n_spans == r->capacity && !grow_spans(r))) {
        r->failed = true;
        return false;
    }
    r->n_spans += joins ? 0 : 1;
    r->spans[r->n_spans - 1] = (struct rendered_span){r->text.size, origin};
    return true;
}

void rendered_cut(struct rendered *r, size_t size)
{
    buf_truncate(&r->text, size);
    while (r->n_spans > 1 && r->spans[r->n_spans - 2].end >= size)
        r->n_spans--;
    if (size == 0)
        r->n_spans = 0;
    else if (r->n_spans > 0 && r->spans[r->n_spans - 1].end > size)
        r->spans[r->n_spans - 1].end = size;
}

enum origin rendered_origin(const struct rendered *r, size_t at)
{
    size_t low = 0, high = r->n_spans - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->spans[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return r->spans[low].origin;
}
