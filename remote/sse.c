/* SSE: a line is gathered, then judged by its beginning. */
#include <config.h>

#include "remote/sse.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"

static const char byte_order_mark[] = "\xEF\xBB\xBF";

void sse_init(struct sse *s)
{
    *s = (struct sse){0};
    buf_init(&s->line, SSE_EVENT_MOST);
    buf_init(&s->data, SSE_EVENT_MOST);
}

void sse_free(struct sse *s)
{
    buf_free(&s->line);
    buf_free(&s->data);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* The value of a field, of which one blank at the beginning is no part; NULL when the line has another field. */
static const char *field_value(const struct buf *line, const char *name, size_t *size)
{
    const size_t n = strlen(name);
    if (line->size < n || memcmp(line->data, name, n) != 0 || (line->size > n && line->data[n] != ':'))
        return NULL;
    size_t from = line->size > n ? n + 1 : n;
    from += from < line->size && line->data[from] == ' ';
    *size = line->size - from;
    return line->data + from;
}

static enum error_code end_event(struct sse *s, sse_taker *take, void *context, struct error *err)
{
    bool go_on = s->data.size == 0 || take(context, buf_text(&s->data), s->data.size);
    buf_clear(&s->data);
    s->lines = 0;
    s->is_error = false;
    return go_on ? ERR_NONE : error_set(err, ERR_STOPPED, "stopped");
}

static void add_data(struct sse *s, const char *value, size_t size)
{
    if (s->lines++ > 0)
        buf_putc(&s->data, '\n');
    buf_append(&s->data, value, size);
}

/* What stands alone on its line is an event by itself. */
static enum error_code end_alone(struct sse *s, const char *value, size_t size, sse_taker *take, void *context,
                                 struct error *err)
{
    if (end_event(s, take, context, err) != ERR_NONE)
        return err->code;
    add_data(s, value, size);
    return end_event(s, take, context, err);
}

static enum error_code end_line(struct sse *s, sse_taker *take, void *context, struct error *err)
{
    size_t size;
    const char *value;
    enum error_code code = ERR_NONE;
    if (s->line.size == 0)
        code = end_event(s, take, context, err);
    else if ((value = field_value(&s->line, "data", &size)) != NULL)
        add_data(s, value, size);
    else if ((value = field_value(&s->line, "error", &size)) != NULL)
        code = end_alone(s, value, size, take, context, err);
    else if ((value = field_value(&s->line, "event", &size)) != NULL)
        s->is_error = size == 5 && memcmp(value, "error", 5) == 0;
    else if (s->line.data[0] == '{')
        code = end_alone(s, s->line.data, s->line.size, take, context, err);
    else
        s->ignored += s->line.size;
    buf_clear(&s->line);
    if (code == ERR_NONE && buf_failed(&s->data))
        return error_set(err, ERR_FORMAT, "an event of more than %zu MiB", SSE_EVENT_MOST >> 20);
    return code;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Cuts a byte order mark off the beginning of the stream, as soon as it can be told. */
static void skip_mark(struct sse *s)
{
    const size_t n = sizeof byte_order_mark - 1;
    if (s->begun || (s->line.size < n && memcmp(s->line.data, byte_order_mark, s->line.size) == 0))
        return;
    s->begun = true;
    if (s->line.size < n || memcmp(s->line.data, byte_order_mark, n) != 0)
        return;
    memmove(s->line.data, s->line.data + n, s->line.size - n);
    buf_truncate(&s->line, s->line.size - n);
}

static enum error_code take_stretch(struct sse *s, const char *bytes, size_t n, struct error *err)
{
    if (n > 0 && !buf_append(&s->line, bytes, n))
        return error_set(err, ERR_FORMAT, "a line of more than %zu MiB", SSE_EVENT_MOST >> 20);
    if (n > 0)
        skip_mark(s);
    return ERR_NONE;
}

enum error_code sse_feed(struct sse *s, const char *bytes, size_t n, sse_taker *take, void *context, struct error *err)
{
    for (size_t at = 0; at < n;) {
        if (s->after_cr && bytes[at] == '\n') {
            s->after_cr = false;
            at++;
            continue;
        }
        s->after_cr = false;
        size_t end = at;
        while (end < n && bytes[end] != '\n' && bytes[end] != '\r')
            end++;
        if (take_stretch(s, bytes + at, end - at, err) != ERR_NONE)
            return err->code;
        if (end < n && end_line(s, take, context, err) != ERR_NONE)
            return err->code;
        s->after_cr = end < n && bytes[end] == '\r';
        at = end + (end < n);
    }
    return ERR_NONE;
}

enum error_code sse_end(struct sse *s, sse_taker *take, void *context, struct error *err)
{
    if (s->line.size > 0 && end_line(s, take, context, err) != ERR_NONE)
        return err->code;
    return end_event(s, take, context, err);
}
