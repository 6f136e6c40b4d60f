/* Render: cleans the message, sets its thoughts apart and gives the rest to Markdown. */
#include <config.h>

#include "ui/text/render.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/page.h"
#include "ui/text/markdown-guard.h"
#include "ui/text/markdown-tables.h"
#include "ui/text/markdown.h"
#include "ui/text/text.h"
#include "ui/text/unfinished.h"

#define TEXT_MOST ((size_t)1 << 30) /* shown; offsets have 32 bits */
#define ADDRESSES_MOST ((size_t)8 << 20)
#define PART ((size_t)64 << 10)         /* of a text that is shown as it is */
#define MARKDOWN_MOST ((size_t)8 << 20) /* longer texts are files that were read in; they are shown as they are */

/* The message made safe, and where each byte came from, with an entry for its end. */
struct clean {
    struct buf text;
    struct text_origin origin;
    struct guard_formulas formulas;
};

static bool clean_make(struct clean *c, const char *text, size_t size)
{
    buf_init(&c->text, TEXT_MOST);
    return size < TEXT_MOST && text_clean(text, size, &c->text, &c->origin);
}

/* Bytes added at the end get no origin, and the end gets that of the end of a message of this size. */
static bool clean_end(struct clean *c, size_t size)
{
    uint32_t *at = realloc(c->origin.at, (c->text.size + 1) * sizeof *at);
    if (at == NULL)
        return false;
    for (size_t i = c->origin.n; i < c->text.size; i++)
        at[i] = RENDER_NO_SOURCE;
    if (c->text.size >= c->origin.n) /* else only a beginning of the message is shown */
        at[c->text.size] = (uint32_t)size;
    c->origin.at = at;
    return true;
}

static void write_raw(const struct clean *c, size_t from, size_t to, uint16_t style, struct page *l)
{
    struct stretch s = {0};
    stretch_add_clean(&s, c->text.data + from, to - from, c->origin.at + from, style);
    page_link_addresses(l, &s, 0, false, l->options->growing);
    page_wrap(l, &s, 0, s.n);
    l->failed = l->failed || s.failed;
    stretch_free(&s);
}

/* ---- thoughts ---------------------------------------------------------------------------------------------------- */

#define THINK_BEGIN "<think>"
#define THINK_END "</think>"

/* The thoughts at the beginning: text[from..to), without the blanks around them. The rest follows at next. */
struct thoughts {
    size_t from, to, next;
    bool open; /* they have not ended yet */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static const char *find_bytes(const char *text, size_t size, const char *what)
{
    size_t length = strlen(what);
    for (const char *p = text; size >= length; p++, size--) {
        const char *found = memchr(p, what[0], size - length + 1);
        if (found == NULL)
            return NULL;
        size -= (size_t)(found - p);
        p = found;
        if (memcmp(p, what, length) == 0)
            return p;
    }
    return NULL;
}

static bool find_thoughts(const struct buf *text, struct thoughts *t)
{
    const char *data = buf_text(text);
    size_t from = 0;
    while (from < text->size && is_space(data[from]))
        from++;
    if (text->size - from < strlen(THINK_BEGIN) || memcmp(data + from, THINK_BEGIN, strlen(THINK_BEGIN)) != 0)
        return false;
    from += strlen(THINK_BEGIN);
    const char *end = find_bytes(data + from, text->size - from, THINK_END);
    t->open = end == NULL;
    t->to = end != NULL ? (size_t)(end - data) : text->size;
    t->next = end != NULL ? t->to + strlen(THINK_END) : text->size;
    while (from < t->to && is_space(data[from]))
        from++;
    while (t->to > from && is_space(data[t->to - 1]))
        t->to--;
    while (t->next < text->size && data[t->next] == '\n')
        t->next++;
    t->from = from;
    return true;
}

static size_t count_words(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += !is_space(text[i]) && (i == 0 || is_space(text[i - 1]));
    return n;
}

static void write_folded(const struct clean *c, const struct thoughts *t, struct page *l)
{
    struct buf label;
    struct stretch s = {0};
    size_t words = count_words(c->text.data + t->from, t->to - t->from);
    buf_init(&label, 128);
    const char *what = t->open && l->options->growing ? "thinking," : "thought for";
    buf_printf(&label, "%s %zu word%s", what, words, words == 1 ? "" : "s");
    stretch_add(&s, buf_text(&label), label.size, RENDER_NO_SOURCE, STYLE_THINK);
    size_t line = l->out->n_lines;
    page_wrap(l, &s, 0, s.n);
    for (; !l->failed && line < l->out->n_lines; line++)
        l->out->lines[line].source = c->origin.at[t->from];
    l->failed = l->failed || s.failed;
    stretch_free(&s);
    buf_free(&label);
}

/* Whether the text is only a part of the mark before thoughts so far. */
static bool is_half_mark(const struct buf *text)
{
    return text->size > 0 && text->size < strlen(THINK_BEGIN) && memcmp(text->data, THINK_BEGIN, text->size) == 0;
}

/* Writes the thoughts, folded into one line or whole. Returns where the rest begins. */
static size_t write_thoughts(const struct clean *c, struct page *l)
{
    const char *bar = l->options->ascii ? "| " : "\xE2\x94\x82 ";
    struct thoughts t;
    if (!find_thoughts(&c->text, &t))
        return l->options->growing && is_half_mark(&c->text) ? c->text.size : 0;
    if (t.from == t.to)
        return t.next;
    if (l->options->fold_think) {
        write_folded(c, &t, l);
    } else {
        page_push(l, bar, bar, STYLE_THINK);
        write_raw(c, t.from, t.to, STYLE_THINK, l);
        page_pop(l);
    }
    if (t.next < c->text.size)
        page_blank_line(l);
    return t.next;
}

/* ---- short texts ------------------------------------------------------------------------------------------------- */

static void clear_rendering(struct rendering *r)
{
    r->text.max = TEXT_MOST;
    buf_clear(&r->text);
    r->addresses.max = ADDRESSES_MOST;
    buf_clear(&r->addresses);
    r->n_spans = r->n_lines = r->n_blocks = r->n_formulas = r->n_links = 0;
}

/* Removes all but the first n lines. */
static void cut_lines(struct rendering *r, size_t n)
{
    if (n < r->n_lines) {
        r->n_spans = r->lines[n].span;
        r->n_lines = n;
    }
    buf_truncate(&r->text, r->n_spans > 0 ? r->spans[r->n_spans - 1].start + r->spans[r->n_spans - 1].size : 0);
    r->n_blocks = r->n_formulas = 0;
}

static bool write_markdown(const struct clean *c, size_t from, struct page *l)
{
    size_t lines = l->out->n_lines;
    enum markdown_result result =
        c->text.size - from > MARKDOWN_MOST
            ? MARKDOWN_REFUSED
            : markdown_render(c->text.data + from, c->text.size - from, c->origin.at + from, &c->formulas, l);
    if (result != MARKDOWN_REFUSED)
        return result == MARKDOWN_DONE;
    cut_lines(l->out, lines);
    struct page fresh = {.out = l->out, .options = l->options, .block = -1};
    write_raw(c, from, c->text.size, STYLE_TEXT, &fresh);
    return !fresh.failed;
}

static bool render_clean(struct clean *c, size_t size, const struct render_options *options, struct rendering *out)
{
    struct page l = {.out = out, .options = options, .block = -1};
    bool markdown = !options->raw && c->text.size <= MARKDOWN_MOST;
    if (markdown && (!guard_text(&c->text, &c->origin, &c->formulas) ||
                     (options->growing && !unfinished_mend(&c->text)) || !tables_prepare(&c->text, &c->origin)))
        return false;
    if (!clean_end(c, size))
        return false;
    size_t from = options->raw && !options->fold_think ? 0 : write_thoughts(c, &l);
    bool ok = true;
    if (from < c->text.size && options->raw)
        write_raw(c, from, c->text.size, options->style, &l);
    else if (from < c->text.size)
        ok = write_markdown(c, from, &l);
    page_finish(&l, (uint32_t)size);
    return ok && !l.failed;
}

/* ---- long texts -------------------------------------------------------------------------------------------------- */

/* Whether all of it is shown as it stands, and there is so much that it is worth its while to go part by part. */
static bool is_rendered_in_parts(const char *text, size_t size, const struct render_options *options)
{
    size_t from = 0;
    if (size <= PART || size >= TEXT_MOST || !(options->raw || size > MARKDOWN_MOST))
        return false;
    while (from < size && is_space(text[from]))
        from++;
    return size - from < strlen(THINK_BEGIN) || memcmp(text + from, THINK_BEGIN, strlen(THINK_BEGIN)) != 0;
}

/* The size of the next part: whole lines. */
static size_t part_size(const char *text, size_t size)
{
    const char *end = size > PART ? memchr(text + PART, '\n', size - PART) : NULL;
    return end != NULL ? (size_t)(end - text) + 1 : size;
}

/* A byte takes five on its way to the screen, ten more in a stretch: parts keep 50 MB from becoming 700. Nothing of a line
 * depends on the lines before it. */
static bool render_in_parts(const char *text, size_t size, const struct render_options *options, struct rendering *out)
{
    struct page l = {.out = out, .options = options, .block = -1};
    struct clean c = {0};
    bool ok = true;
    for (size_t at = 0, part; ok && at < size; at += part) {
        part = part_size(text + at, size - at);
        c.origin.n = 0;
        ok = clean_make(&c, text + at, part);
        for (size_t i = 0; i < c.origin.n; i++)
            c.origin.at[i] += (uint32_t)at;
        if (ok)
            write_raw(&c, 0, c.text.size, STYLE_TEXT, &l);
        buf_free(&c.text);
    }
    text_origin_free(&c.origin);
    page_finish(&l, (uint32_t)size);
    return ok && !l.failed;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

bool render(const char *text, size_t size, const struct render_options *options, struct rendering *out)
{
    struct clean c = {0};
    clear_rendering(out);
    if (is_rendered_in_parts(text, size, options))
        return render_in_parts(text, size, options, out);
    bool ok = clean_make(&c, text, size) && render_clean(&c, size, options, out);
    buf_free(&c.text);
    text_origin_free(&c.origin);
    free(c.formulas.at);
    return ok;
}

void rendering_free(struct rendering *r)
{
    buf_free(&r->text);
    free(r->spans);
    free(r->lines);
    free(r->blocks);
    free(r->formulas);
    buf_free(&r->addresses);
    free(r->links);
    *r = (struct rendering){0};
}

bool render_span_is_literal(const struct render_span *span)
{
    return (span->style & STYLE_ROLE) != STYLE_CONTROL && (span->style & STYLE_FORMULA) == 0;
}

const struct render_formula *rendering_formula(const struct rendering *r, const struct render_span *span)
{
    size_t low = 0, high = (span->style & STYLE_FORMULA) != 0 ? r->n_formulas : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->formulas[middle].end <= span->source)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < r->n_formulas && r->formulas[low].source <= span->source && (span->style & STYLE_FORMULA) != 0;
    return found ? &r->formulas[low] : NULL;
}

const char *rendering_link(const struct rendering *r, const struct render_span *span)
{
    return span->link > 0 ? buf_text(&r->addresses) + r->links[span->link - 1] : NULL;
}

size_t rendering_line_at(const struct rendering *r, uint32_t source)
{
    size_t low = 0, high = r->n_lines;
    while (low + 1 < high) { /* the line is in [low, high) */
        size_t middle = low + (high - low) / 2;
        if (r->lines[middle].source <= source)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool rendering_split_span(struct rendering *r, size_t span, uint32_t size)
{
    struct render_span *spans = realloc(r->spans, (r->n_spans + 1) * sizeof *spans);
    if (spans == NULL)
        return false;
    r->spans = spans;
    r->spans_capacity = r->n_spans + 1;
    memmove(spans + span + 1, spans + span, (r->n_spans - span) * sizeof *spans);
    r->n_spans++;
    spans[span].size = size;
    spans[span + 1].start += size;
    spans[span + 1].size -= size;
    spans[span + 1].source += size;
    for (size_t i = 0; i < r->n_lines; i++)
        if (r->lines[i].span > span)
            r->lines[i].span++;
        else if (r->lines[i].span + r->lines[i].n_spans > span)
            r->lines[i].n_spans++;
    return true;
}

bool rendering_insert_line(struct rendering *r, size_t line, const char *text, uint16_t style)
{
    struct render_line *lines = realloc(r->lines, (r->n_lines + 1) * sizeof *lines);
    struct render_span *spans = realloc(r->spans, (r->n_spans + 1) * sizeof *spans);
    r->lines = lines != NULL ? lines : r->lines;
    r->spans = spans != NULL ? spans : r->spans;
    struct render_span span = {(uint32_t)r->text.size, (uint32_t)strlen(text), RENDER_NO_SOURCE, style, 0};
    if (lines == NULL || spans == NULL || !buf_puts(&r->text, text))
        return false;
    memmove(lines + line + 1, lines + line, (r->n_lines - line) * sizeof *lines);
    lines[line] = (struct render_line){(uint32_t)r->n_spans, 1, lines[line + 1].source, -1};
    spans[r->n_spans] = span;
    r->lines_capacity = ++r->n_lines;
    r->spans_capacity = ++r->n_spans;
    return true;
}

/* Appends what the message has between two lines of a block: the text up to the line break, and any further line
 * breaks. */
static void copy_line(const char *text, uint32_t from, uint32_t to, struct buf *out)
{
    const char *end = memchr(text + from, '\n', to - from);
    size_t size = end != NULL ? (size_t)(end - text) - from : to - from;
    buf_append(out, text + from, size);
    for (uint32_t i = from + (uint32_t)size; i < to; i++)
        if (text[i] == '\n')
            buf_putc(out, '\n');
}

bool rendering_copy_block(const struct rendering *r, size_t block, const char *text, struct buf *out)
{
    uint32_t from = r->blocks[block].source, end = r->blocks[block].end;
    for (size_t i = 0; i < r->n_lines; i++)
        if (r->lines[i].block == (int32_t)block && r->lines[i].source > from && r->lines[i].source < end) {
            copy_line(text, from, r->lines[i].source, out);
            from = r->lines[i].source;
        }
    copy_line(text, from, end, out);
    return !buf_failed(out);
}
