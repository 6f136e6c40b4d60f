/* Message lines: rendering, and which renderings are kept. */
#include <config.h>

#include "ui/panes/message-lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20, KEPT = 64 }; /* messages kept before the view; twice as many after its top */

/* The lines of one message. */
struct made {
    struct rendering lines;
    bool rendered;
    unsigned changes, edition; /* of the message and the look that they show */
};

struct message_lines {
    const struct messages *messages;
    struct message_look look;
    unsigned edition;
    size_t window, window_byte;
    char *window_label;
    struct made *at; /* by message */
    size_t n;
};

struct message_lines *message_lines_new(const struct messages *messages)
{
    struct message_lines *l = calloc(1, sizeof *l);
    if (l != NULL)
        l->messages = messages;
    return l;
}

void message_lines_free(struct message_lines *l)
{
    if (l == NULL)
        return;
    message_lines_cut(l, 0);
    free(l->at);
    free(l->window_label);
    free(l);
}

const struct message_look *message_lines_look(const struct message_lines *l)
{
    return &l->look;
}

void message_lines_set_look(struct message_lines *l, const struct message_look *look)
{
    const struct message_look *old = &l->look;
    bool same = old->width == look->width && old->ascii == look->ascii && old->base == look->base &&
                old->raw == look->raw && old->think == look->think && old->lens == look->lens;
    l->look = *look;
    l->edition += !same;
}

unsigned message_lines_edition(const struct message_lines *l)
{
    return l->edition;
}

void message_lines_set_window(struct message_lines *l, size_t index, size_t byte, const char *label)
{
    l->edition += byte > 0 || l->window_byte > 0; /* the line is or was among those of a message */
    free(l->window_label);
    l->window = index;
    l->window_byte = byte;
    l->window_label = text_clean_line(label);
}

const char *message_lines_window(const struct message_lines *l, size_t index)
{
    return l->window > 0 && l->window == index && l->window_byte == 0 ? l->window_label : NULL;
}

int message_lines_above(const struct message_lines *l, size_t index)
{
    return (message_lines_window(l, index) != NULL) + (l->look.base ? 0 : 1);
}

bool message_lines_is_joined(const struct message_lines *l, size_t index)
{
    if (!l->look.base || index == 0 || index >= messages_count(l->messages))
        return false;
    const struct buf *before = &messages_at(l->messages, index - 1)->text;
    return before->size > 0 && before->data[before->size - 1] != '\n';
}

/* ---- rendering -------------------------------------------------------------------------------------------------- */

/* In a base model's text nothing but the style tells what was typed; bold where there are no colours. */
static uint16_t base_style(const struct message_lines *l, size_t index)
{
    bool typed = l->look.base && messages_at(l->messages, index)->speaker == UI_YOU;
    return typed ? STYLE_ORIGIN_USER | STYLE_BOLD : STYLE_TEXT;
}

/* The last line of a rendering as it stands on the screen; NULL when there is none. */
static const struct render_line *last_line(const struct rendering *r)
{
    return r->n_lines > 0 ? &r->lines[r->n_lines - 1] : NULL;
}

/* Divides the span that holds this byte of the source and the one before it. */
static bool divide_at(struct rendering *r, uint32_t byte)
{
    for (size_t i = 0; i < r->n_spans; i++) {
        const struct render_span *span = &r->spans[i];
        if (span->source < byte && span->source + span->size > byte && render_span_is_literal(span))
            return rendering_split_span(r, i, byte - span->source);
    }
    return true;
}

/* The bytes [from, to) of what was rendered are not the message's own: they look as they did in the message before. */
static bool restyle(struct rendering *r, uint32_t from, uint32_t to, uint16_t style)
{
    if (!divide_at(r, to))
        return false;
    for (size_t i = 0; i < r->n_spans; i++)
        if (r->spans[i].source >= from && r->spans[i].source < to)
            r->spans[i].style = style;
    return true;
}

/* Makes sources count from the message's own text, of which the first prefix bytes that were rendered are no part. */
static void shift_sources(struct rendering *r, uint32_t prefix)
{
    for (size_t i = 0; i < r->n_spans; i++)
        if (r->spans[i].source != RENDER_NO_SOURCE)
            r->spans[i].source = r->spans[i].source >= prefix ? r->spans[i].source - prefix : RENDER_NO_SOURCE;
    for (size_t i = 0; i < r->n_lines; i++)
        r->lines[i].source = r->lines[i].source >= prefix ? r->lines[i].source - prefix : 0;
}

/* Renders a message behind the last line of the one before. */
static bool render_joined(struct message_lines *l, size_t index, const struct render_options *options,
                          struct rendering *out)
{
    const struct message *x = messages_at(l->messages, index);
    const struct rendering *before = message_lines_text(l, index - 1);
    const struct render_line *line = last_line(before);
    const struct render_span *spans = line != NULL ? before->spans + line->span : NULL;
    uint32_t n = line != NULL ? line->n_spans : 0, prefix = 0;
    struct buf whole;
    buf_init(&whole, TEXT_MOST);
    for (uint32_t i = 0; i < n; i++)
        buf_append(&whole, buf_text(&before->text) + spans[i].start, spans[i].size);
    bool ok = buf_append(&whole, buf_text(&x->text), x->text.size) &&
              render(buf_text(&whole), whole.size, options, out);
    for (uint32_t i = 0; ok && i < n; prefix += spans[i++].size)
        ok = restyle(out, prefix, prefix + spans[i].size, spans[i].style);
    if (ok)
        shift_sources(out, prefix);
    buf_free(&whole);
    return ok;
}

/* The line above the one with the first byte that the model sees. */
static bool insert_window(const struct message_lines *l, struct rendering *r)
{
    struct buf line;
    const char *label = l->window_label;
    int width = text_columns(label, strlen(label), 0) + 2, left = (l->look.width - width) / 2;
    buf_init(&line, 4096);
    for (int i = 0; i < l->look.width; i++)
        if (i == left)
            buf_printf(&line, " %s ", label);
        else if (i < left || i >= left + width)
            buf_puts(&line, l->look.ascii ? "-" : "\xE2\x94\x80");
    bool ok = rendering_insert_line(r, rendering_line_at(r, (uint32_t)l->window_byte), buf_text(&line), STYLE_WINDOW);
    buf_free(&line);
    return ok;
}

/* ---- folding ---------------------------------------------------------------------------------------------------- */

/* The offset of the first line "NAME.EXT:" that begins an attached file, as /read puts it; size when there is none.
 * *name becomes the size of the name. */
static size_t find_attached(const char *text, size_t size, size_t *name)
{
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        bool begins = at == 0 || (at > 1 && text[at - 2] == '\n');
        if (begins && length > 3 && text[at + length - 1] == ':' && memchr(text + at, '.', length) != NULL &&
            memchr(text + at, ' ', length) == NULL) {
            *name = length - 1;
            return at;
        }
        at += length + 1;
    }
    return size;
}

/* What the user sent is theirs to know: of a long message the beginning is shown, of attached files their name. */
static bool fold_message(const struct message_lines *l, size_t index, struct rendering *r)
{
    enum { LINES_MOST = 16, KEPT_LINES = 8, FILE_LINES = 6 };
    const struct message *x = messages_at(l->messages, index);
    const char *text = buf_text(&x->text), *sign = l->look.ascii ? ">" : "▸";
    size_t name = 0, at = find_attached(text, x->text.size, &name);
    bool file = at < x->text.size;
    size_t kept = file ? rendering_line_at(r, (uint32_t)at) : KEPT_LINES;
    char label[200];
    if (x->speaker != UI_YOU || x->unfolded || l->look.base || l->look.lens ||
        r->n_lines <= (file ? kept + FILE_LINES : LINES_MOST))
        return true;
    size_t hidden = r->n_lines - kept;
    if (file)
        snprintf(label, sizeof label, "%s %.*s: %zu lines, f shows them", sign, (int)(name < 100 ? name : 100),
                 text + at, hidden);
    else
        snprintf(label, sizeof label, "%s %zu more lines, f shows them", sign, hidden);
    char *clean = text_clean_line(label);
    if (clean == NULL)
        return false;
    bool ok = rendering_insert_line(r, kept, clean, STYLE_NOTE);
    free(clean);
    r->n_lines = ok ? kept + 1 : r->n_lines;
    return ok;
}

static bool render_message(struct message_lines *l, size_t index, const struct render_options *options,
                           struct rendering *out)
{
    const struct message *x = messages_at(l->messages, index);
    bool window = l->look.base && index == l->window && l->window_byte > 0 && l->window_label != NULL;
    bool ok = message_lines_is_joined(l, index) ? render_joined(l, index, options, out)
                                                : render(buf_text(&x->text), x->text.size, options, out);
    ok = ok && fold_message(l, index, out);
    return ok && (!window || out->n_lines == 0 || insert_window(l, out));
}

/* Where the lines of a message are kept; makes room for those of all messages. NULL when out of memory. */
static struct made *find_made(struct message_lines *l, size_t index)
{
    if (index < l->n)
        return &l->at[index];
    size_t n = messages_count(l->messages) + 64;
    struct made *at = realloc(l->at, n * sizeof *at);
    if (at == NULL)
        return NULL;
    memset(at + l->n, 0, (n - l->n) * sizeof *at);
    l->at = at;
    l->n = n;
    return &at[index];
}

const struct rendering *message_lines_text(struct message_lines *l, size_t index)
{
    static const struct rendering empty;
    const struct message *x = messages_at(l->messages, index);
    struct render_options options = {.width = l->look.width,
                                     .raw = l->look.raw || l->look.lens || l->look.base || x->speaker == UI_YOU,
                                     .style = base_style(l, index),
                                     .ascii = l->look.ascii,
                                     .fold_think = !l->look.think,
                                     .growing = x->running};
    struct made *made = find_made(l, index);
    if (made == NULL)
        return &empty;
    if (made->rendered && made->changes == x->changes && made->edition == l->edition)
        return &made->lines;
    struct rendering lines = made->lines;
    if (!render_message(l, index, &options, &lines))
        lines.n_lines = 0;
    *made = (struct made){lines, true, x->changes, l->edition};
    return &made->lines;
}

int message_lines_height(struct message_lines *l, size_t index)
{
    int lines = message_lines_above(l, index) + (int)message_lines_text(l, index)->n_lines;
    if (!l->look.base)
        return lines + 1;
    bool joined = lines > 0 && message_lines_is_joined(l, index + 1);
    return joined ? lines - 1 : lines; /* the next message draws the last line */
}

/* ---- releasing -------------------------------------------------------------------------------------------------- */

static void release_lines(struct made *made)
{
    if (made->rendered)
        rendering_free(&made->lines);
    *made = (struct made){0};
}

void message_lines_trim(struct message_lines *l, size_t near)
{
    size_t rendered = 0;
    for (size_t i = 0; i < l->n; i++)
        rendered += l->at[i].rendered;
    for (size_t i = 0; rendered > 4 * KEPT && i < l->n; i++)
        if (i + KEPT <= near || i >= near + 2 * KEPT)
            release_lines(&l->at[i]);
}

void message_lines_cut(struct message_lines *l, size_t from)
{
    for (size_t i = from; i < l->n; i++)
        release_lines(&l->at[i]);
}
