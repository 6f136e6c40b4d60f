/* Page: all that is shown passes through page_put or page_put_stretch, which make the spans. */
#include <config.h>

#include "ui/text/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/text/link.h"
#include "ui/text/text.h"

/* ---- stretches --------------------------------------------------------------------------------------------------- */

static bool stretch_reserve(struct stretch *s, size_t more)
{
    if (s->failed || s->n + more <= s->capacity)
        return !s->failed;
    size_t capacity = 2 * (s->n + more) + 256;
    char *text = realloc(s->text, capacity);
    if (text != NULL)
        s->text = text;
    uint32_t *source = realloc(s->source, capacity * sizeof *source);
    if (source != NULL)
        s->source = source;
    uint16_t *style = realloc(s->style, capacity * sizeof *style);
    if (style != NULL)
        s->style = style;
    uint16_t *link = realloc(s->link, capacity * sizeof *link);
    if (link != NULL)
        s->link = link;
    s->failed = text == NULL || source == NULL || style == NULL || link == NULL;
    if (!s->failed)
        s->capacity = capacity;
    return !s->failed;
}

void stretch_add(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style)
{
    if (!stretch_reserve(s, size))
        return;
    for (size_t i = 0; i < size; i++, s->n++) {
        s->text[s->n] = text[i];
        s->source[s->n] = source == RENDER_NO_SOURCE ? source : source + (uint32_t)i;
        s->style[s->n] = style;
        s->link[s->n] = s->linked;
    }
}

void stretch_add_whole(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style)
{
    size_t from = s->n;
    stretch_add(s, text, size, source, style);
    for (size_t i = from; i < s->n; i++)
        s->source[i] = source;
}

void stretch_add_clean(struct stretch *s, const char *text, size_t size, const uint32_t *origin, uint16_t style)
{
    if (!stretch_reserve(s, size))
        return;
    for (size_t i = 0; i < size; i++) {
        if (origin[i] == RENDER_NO_SOURCE)
            continue;
        bool made = (i > 0 && origin[i - 1] == origin[i]) || (i + 1 < size && origin[i + 1] == origin[i]);
        s->text[s->n] = text[i];
        s->source[s->n] = origin[i];
        s->link[s->n] = s->linked;
        s->style[s->n++] = made ? STYLE_CONTROL : style;
    }
}

void stretch_copy(struct stretch *s, const struct stretch *other, size_t from, size_t to)
{
    s->failed = s->failed || other->failed;
    if (from >= to || !stretch_reserve(s, to - from))
        return;
    memcpy(s->text + s->n, other->text + from, to - from);
    memcpy(s->source + s->n, other->source + from, (to - from) * sizeof *s->source);
    memcpy(s->style + s->n, other->style + from, (to - from) * sizeof *s->style);
    memcpy(s->link + s->n, other->link + from, (to - from) * sizeof *s->link);
    s->n += to - from;
}

void stretch_free(struct stretch *s)
{
    free(s->text);
    free(s->source);
    free(s->style);
    free(s->link);
    *s = (struct stretch){0};
}

/* ---- margins ----------------------------------------------------------------------------------------------------- */

void page_push(struct page *l, const char *first, const char *rest, uint16_t style)
{
    int columns = text_columns(first, strlen(first), 0);
    int room = l->options->width / 2;
    if (l->too_deep > 0 || l->n_margins == MARGINS_MOST || l->indent + columns > room) {
        l->too_deep++;
        return;
    }
    struct margin *m = &l->margins[l->n_margins++];
    *m = (struct margin){.columns = columns, .style = style};
    snprintf(m->first, sizeof m->first, "%s", first);
    snprintf(m->rest, sizeof m->rest, "%s", rest);
    l->indent += columns;
}

void page_pop(struct page *l)
{
    if (l->too_deep > 0)
        l->too_deep--;
    else
        l->indent -= l->margins[--l->n_margins].columns;
}

int page_width(const struct page *l)
{
    return l->options->width - l->indent;
}

/* ---- spans ------------------------------------------------------------------------------------------------------- */

/* Makes room for one more element in an array of the rendering. */
static bool reserve_one(void **at, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return true;
    size_t more = 2 * n + 64;
    void *grown = realloc(*at, more * size);
    if (grown == NULL)
        return false;
    *at = grown;
    *capacity = more;
    return true;
}

static void add_span(struct page *l, const char *text, size_t size, uint32_t source, uint16_t style)
{
    struct rendering *r = l->out;
    if (l->failed || size == 0)
        return;
    uint32_t start = (uint32_t)r->text.size;
    if (!reserve_one((void **)&r->spans, r->n_spans, &r->spans_capacity, sizeof *r->spans) ||
        !buf_append(&r->text, text, size)) {
        l->failed = true;
        return;
    }
    struct render_line *line = &r->lines[r->n_lines - 1];
    r->spans[r->n_spans++] = (struct render_span){start, (uint32_t)size, source, style, l->link};
    line->n_spans++;
    if (source < line->source)
        line->source = source;
}

static void put_blanks(struct page *l, int n, uint16_t style)
{
    static const char blanks[] = "                                ";
    for (int part; n > 0; n -= part) {
        part = n < (int)sizeof blanks - 1 ? n : (int)sizeof blanks - 1;
        add_span(l, blanks, (size_t)part, RENDER_NO_SOURCE, style);
    }
}

static void put_margins(struct page *l, bool blank)
{
    for (int i = 0; i < l->n_margins; i++) {
        struct margin *m = &l->margins[i];
        bool first = !m->begun && !blank;
        const char *text = first ? m->first : m->rest;
        add_span(l, text, strlen(text), RENDER_NO_SOURCE, m->style);
        put_blanks(l, m->columns - text_columns(text, strlen(text), 0), m->style);
        m->begun = m->begun || first;
    }
}

static void begin_line(struct page *l, bool blank)
{
    struct rendering *r = l->out;
    l->column = 0;
    if (l->failed || !reserve_one((void **)&r->lines, r->n_lines, &r->lines_capacity, sizeof *r->lines)) {
        l->failed = true;
        return;
    }
    r->lines[r->n_lines++] = (struct render_line){(uint32_t)r->n_spans, 0, RENDER_NO_SOURCE, l->block};
    put_margins(l, blank);
}

void page_begin_line(struct page *l)
{
    begin_line(l, false);
}

void page_blank_line(struct page *l)
{
    begin_line(l, true);
    page_end_line(l);
}

void page_put(struct page *l, const char *text, uint16_t style)
{
    add_span(l, text, strlen(text), RENDER_NO_SOURCE, style);
    l->column += text_columns(text, strlen(text), l->column);
}

void page_repeat(struct page *l, const char *text, int n, uint16_t style)
{
    struct stretch s = {0};
    for (int i = 0; i < n; i++)
        stretch_add(&s, text, strlen(text), RENDER_NO_SOURCE, style);
    page_put_stretch(l, &s, 0, s.n);
    l->failed = l->failed || s.failed;
    stretch_free(&s);
}

/* Whether byte i of a stretch continues the span of the byte before it. */
static bool continues_span(const struct stretch *s, size_t i)
{
    if (s->style[i] != s->style[i - 1] || s->link[i] != s->link[i - 1])
        return false;
    if (s->source[i - 1] == RENDER_NO_SOURCE || s->style[i] == STYLE_CONTROL || (s->style[i] & STYLE_FORMULA) != 0)
        return s->source[i] == s->source[i - 1];
    return s->source[i] == s->source[i - 1] + 1;
}

/* The first blank stands for the tab, so that every byte shown has a place in the message. */
static void put_tab(struct page *l, uint32_t source, uint16_t style)
{
    int columns = TEXT_TAB - l->column % TEXT_TAB, room = page_width(l) - l->column;
    if (columns > room)
        columns = room > 1 ? room : 1;
    add_span(l, " ", 1, source, style);
    put_blanks(l, columns - 1, style);
    l->column += columns;
}

void page_put_stretch(struct page *l, const struct stretch *s, size_t from, size_t to)
{
    for (size_t i = from; i < to && !s->failed;) {
        l->link = s->link[i] == STRETCH_NO_LINK ? 0 : s->link[i];
        if (s->text[i] == '\t') {
            put_tab(l, s->source[i], s->style[i]);
            i++;
            continue;
        }
        size_t end = i + 1;
        while (end < to && s->text[end] != '\t' && continues_span(s, end))
            end++;
        add_span(l, s->text + i, end - i, s->source[i], s->style[i]);
        l->column += text_columns(s->text + i, end - i, l->column);
        i = end;
    }
    l->link = 0;
}

void page_pad(struct page *l, int column, uint16_t style)
{
    put_blanks(l, column - l->column, style);
    l->column = column > l->column ? column : l->column;
}

void page_end_line(struct page *l)
{
    l->column = 0;
}

void page_wrap(struct page *l, const struct stretch *s, size_t from, size_t to)
{
    for (size_t at = from; at < to && !l->failed && !s->failed;) {
        size_t end, next = text_wrap(s->text + at, to - at, page_width(l), &end);
        page_begin_line(l);
        page_put_stretch(l, s, at, at + end);
        if (end == 0 && !l->failed) /* an empty line has a place in the message too */
            l->out->lines[l->out->n_lines - 1].source = s->source[at];
        page_end_line(l);
        at += next;
    }
}

void page_wrap_code(struct page *l, const struct stretch *s, size_t from, size_t to)
{
    size_t at = from;
    do {
        page_begin_line(l);
        size_t fits = at < to && !s->failed ? text_fit(s->text + at, to - at, page_width(l)) : 0;
        if (fits == 0 && at < to) {
            size_t end;
            fits = text_wrap(s->text + at, to - at, page_width(l), &end);
        }
        page_put_stretch(l, s, at, at + fits);
        page_end_line(l);
        at += fits;
    } while (at < to && !l->failed && !s->failed);
}

void page_add_formula(struct page *l, uint32_t source, uint32_t end)
{
    struct rendering *r = l->out;
    if (l->failed || !reserve_one((void **)&r->formulas, r->n_formulas, &r->formulas_capacity, sizeof *r->formulas))
        l->failed = true;
    else
        r->formulas[r->n_formulas++] = (struct render_formula){source, end};
}

uint16_t page_add_link(struct page *l, const char *target, size_t size)
{
    struct rendering *r = l->out;
    char address[LINK_MOST + 1];
    if (l->failed || r->n_links + 1 == STRETCH_NO_LINK || !link_clean(target, size, address))
        return 0;
    if (!reserve_one((void **)&r->links, r->n_links, &r->links_capacity, sizeof *r->links)) {
        l->failed = true;
        return 0;
    }
    uint32_t start = (uint32_t)r->addresses.size;
    if (!buf_append(&r->addresses, address, strlen(address) + 1))
        return 0;
    r->links[r->n_links++] = start;
    return (uint16_t)r->n_links;
}

void page_link_addresses(struct page *l, struct stretch *s, size_t from, bool styled, bool grows)
{
    for (size_t i = from, size; i < s->n && !s->failed; i += size > 0 ? size : 1) {
        size = s->text[i] == 'h' && s->link[i] == 0 ? link_find(s->text + i, s->n - i) : 0;
        const bool whole = size > 0 && (i + size < s->n || !grows);
        const uint16_t link = whole ? page_add_link(l, s->text + i, size) : 0;
        for (size_t j = i; link > 0 && j < i + size; j++) {
            s->link[j] = link;
            s->style[j] = styled && s->style[j] == STYLE_TEXT ? STYLE_LINK : s->style[j];
        }
    }
}

void page_begin_block(struct page *l, const char *language, size_t size)
{
    struct rendering *r = l->out;
    if (l->failed || !reserve_one((void **)&r->blocks, r->n_blocks, &r->blocks_capacity, sizeof *r->blocks)) {
        l->failed = true;
        return;
    }
    struct render_block *b = &r->blocks[r->n_blocks];
    *b = (struct render_block){.source = RENDER_NO_SOURCE};
    if (size >= sizeof b->language)
        for (size = sizeof b->language - 1; size > 0 && ((unsigned char)language[size] & 0xC0) == 0x80;)
            size--;
    if (size > 0)
        memcpy(b->language, language, size);
    l->block = (int32_t)r->n_blocks++;
}

void page_finish(struct page *l, uint32_t size)
{
    struct rendering *r = l->out;
    uint32_t next = size;
    for (size_t i = r->n_lines; i-- > 0; next = r->lines[i].source)
        if (r->lines[i].source > next)
            r->lines[i].source = next;
    for (size_t i = 0; i < r->n_blocks; i++)
        if (r->blocks[i].source == RENDER_NO_SOURCE)
            r->blocks[i].source = r->blocks[i].end = size;
}
