/* Definitions: what looks like one may as well stand in code; renderings leave out what has no origin. */
#include <config.h>

#include "ui/definition.h"

#include <stdlib.h>
#include <string.h>

#include "ui/render.h"

/* Where the bracket of a definition stands in line[0..size); size: there is none. */
static size_t find_definition(const char *line, size_t size)
{
    size_t at = 0;
    while (at < size && strchr(" \t>*+-0123456789.)", line[at]) != NULL)
        at++;
    if (at == size || line[at] != '[')
        return size;
    const char *close = memchr(line + at, ']', size - at);
    while (close != NULL && close[-1] == '\\')
        close = memchr(close + 1, ']', size - (size_t)(close + 1 - line));
    return close != NULL && close + 1 < line + size && close[1] == ':' ? at : size;
}

/* Appends text[at..end) of one buffer with its origins to another. */
static void move(const struct buf *text, const struct text_origin *origin, size_t at, size_t end, struct buf *out, uint32_t *to)
{
    if (end > at)
        memcpy(to + out->size, origin->at + at, (end - at) * sizeof *to);
    buf_append(out, text->data + at, end - at);
}

static void escape_lines(const struct buf *text, const struct text_origin *origin, struct buf *out, uint32_t *to)
{
    for (size_t at = 0; at < text->size;) {
        const char *newline = memchr(text->data + at, '\n', text->size - at);
        size_t end = newline != NULL ? (size_t)(newline - text->data) + 1 : text->size;
        size_t bracket = at + find_definition(text->data + at, end - at);
        move(text, origin, at, bracket, out, to);
        if (bracket < end) {
            to[out->size] = RENDER_NO_SOURCE;
            buf_putc(out, '\\');
        }
        move(text, origin, bracket, end, out, to);
        at = end;
    }
}

bool definitions_keep(struct buf *text, struct text_origin *origin)
{
    size_t n = 0; /* at most so many */
    for (const char *p = buf_text(text); (p = strstr(p, "]:")) != NULL; p++)
        n++;
    if (n == 0)
        return true;
    struct buf out;
    buf_init(&out, text->max);
    uint32_t *to = malloc((text->size + n) * sizeof *to);
    bool ok = to != NULL;
    if (ok) {
        escape_lines(text, origin, &out, to);
        ok = !buf_failed(&out);
    }
    if (!ok) {
        free(to);
        buf_free(&out);
        return false;
    }
    text_origin_free(origin);
    *origin = (struct text_origin){to, out.size, text->size + n};
    buf_free(text);
    *text = out;
    return true;
}
