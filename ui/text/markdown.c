/* Markdown: md4c says what begins and ends; text is gathered until its paragraph ends and is then wrapped.
 *
 * The text that md4c gives points into ours, which tells its place in the message; other text (line breaks, the indent
 * of code) is md4c's own. */
#include <config.h>

#include "ui/text/markdown.h"

#include <limits.h>
#include <md4c.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "ui/text/entity.h"
#include "ui/text/highlight.h"
#include "ui/text/link.h"
#include "ui/text/markdown-formulas.h"
#include "ui/text/table.h"
#include "ui/text/text.h"

enum {
    LISTS_MOST = 64,
    LINKS_MOST = 8,
    WRAPPED_LINE = 50,    /* columns; a shorter line was not wrapped by hand */
    CELLS_MOST = 1 << 16, /* as md4c fills up rows, a table can have far more cells than the text has bytes */
};

/* An open list. */
struct list {
    bool ordered, tight;
    unsigned number;
    char delimiter;
};

struct markdown {
    const char *text;
    size_t size;
    const uint32_t *origin;
    struct page *l;
    enum markdown_result result;
    struct stretch s; /* the paragraph, code line or table being read */
    size_t last;      /* the end of its last piece, in text */
    bool blank_due;   /* an empty line belongs before the next block */

    struct list lists[LISTS_MOST];
    int n_lists;
    int deep_lists; /* open lists beyond LISTS_MOST */
    int quotes;

    int heading; /* level; 0: none */
    int emphasis, strong, struck, code, link;
    size_t links[LINKS_MOST];   /* where in the stretch the text of each begins */
    uint16_t outer[LINKS_MOST]; /* the link around each */

    bool in_code;
    size_t indent; /* columns of blanks before the line of code */
    const struct language *language;
    struct highlight highlight;

    const struct guard_formulas *formulas;
    size_t next_formula; /* the first that was not yet shown */

    bool in_table, in_head;
    struct table table;
};

/* ---- styles ------------------------------------------------------------------------------------------------------ */

static uint16_t base_role(const struct markdown *m)
{
    if (m->code > 0)
        return STYLE_CODE;
    if (m->link > 0)
        return STYLE_LINK;
    if (m->heading > 0)
        return STYLE_HEADING;
    return m->quotes > 0 ? STYLE_QUOTE : STYLE_TEXT;
}

static uint16_t current_style(const struct markdown *m)
{
    uint16_t style = base_role(m);
    bool strong = m->strong > 0 || m->in_head, emphasis = m->emphasis > 0, struck = m->struck > 0;
    if (style == STYLE_TEXT) {
        style = strong ? STYLE_STRONG : emphasis ? STYLE_EMPHASIS : struck ? STYLE_STRUCK : STYLE_TEXT;
        emphasis = emphasis && style != STYLE_EMPHASIS;
        struck = struck && style != STYLE_STRUCK;
        strong = false;
    }
    if (m->heading == 1)
        style |= STYLE_UNDERLINE;
    if (strong || (m->heading > 0 && m->heading < 3))
        style |= STYLE_BOLD;
    return (uint16_t)(style | (emphasis ? STYLE_ITALIC : 0) | (struck ? STYLE_STRIKE : 0));
}

/* ---- paragraphs -------------------------------------------------------------------------------------------------- */

/* Whether the message may go on after text[at]: an address that still grows is no link yet. */
static bool may_grow(const struct markdown *m, size_t at)
{
    return m->l->options->growing && at + 2 >= m->size;
}

/* Writes what was gathered. */
static void flush_text(struct markdown *m)
{
    if (!m->in_table)
        page_link_addresses(m->l, &m->s, 0, true, may_grow(m, m->last));
    if (m->s.n > 0 && !m->in_table)
        formulas_wrap(m->l, m->formulas, &m->next_formula, &m->s);
    m->l->failed = m->l->failed || m->s.failed;
    if (!m->in_table)
        m->s.n = 0;
}

static void begin_block(struct markdown *m)
{
    flush_text(m);
    if (m->blank_due)
        page_blank_line(m->l);
    m->blank_due = false;
}

static void end_block(struct markdown *m)
{
    flush_text(m);
    m->blank_due = m->n_lists == 0 || !m->lists[m->n_lists - 1].tight;
}

/* ---- lists and quotes -------------------------------------------------------------------------------------------- */

static void enter_list(struct markdown *m, struct list list)
{
    begin_block(m);
    if (m->n_lists == LISTS_MOST) {
        m->deep_lists++;
        return;
    }
    m->lists[m->n_lists++] = list;
}

static void leave_list(struct markdown *m)
{
    if (m->deep_lists > 0)
        m->deep_lists--;
    else
        m->n_lists--;
    end_block(m);
}

static void enter_item(struct markdown *m, const MD_BLOCK_LI_DETAIL *d)
{
    static const char *const round[] = {"\xE2\x80\xA2 ", "\xE2\x97\xA6 ", "\xE2\x96\xAA "};
    static const char *const ascii[] = {"* ", "- ", "+ "};
    struct list *list = &m->lists[m->n_lists - 1];
    char first[24];
    bool done = d->is_task && d->task_mark != ' ';
    begin_block(m);
    if (d->is_task)
        snprintf(first, sizeof first, "%s ",
                 m->l->options->ascii ? (done ? "[x]" : "[ ]")
                 : done               ? "\xE2\x98\x91"
                                      : "\xE2\x98\x90");
    else if (list->ordered)
        snprintf(first, sizeof first, "%u%c ", list->number++, list->delimiter);
    else
        snprintf(first, sizeof first, "%s", (m->l->options->ascii ? ascii : round)[(m->n_lists - 1) % 3]);
    page_push(m->l, first, "", STYLE_BULLET);
}

static void leave_item(struct markdown *m)
{
    flush_text(m);
    struct page *l = m->l;
    if (l->too_deep == 0 && l->n_margins > 0 && !l->margins[l->n_margins - 1].begun) {
        page_begin_line(l); /* an item without text has a bullet too */
        page_end_line(l);
    }
    page_pop(l);
    end_block(m);
}

static void enter_quote(struct markdown *m)
{
    const char *bar = m->l->options->ascii ? "| " : "\xE2\x94\x82 ";
    begin_block(m);
    page_push(m->l, bar, bar, STYLE_QUOTE);
    m->quotes++;
}

static void leave_quote(struct markdown *m)
{
    flush_text(m);
    page_pop(m->l);
    m->quotes--;
    end_block(m);
}

/* ---- code blocks ------------------------------------------------------------------------------------------------- */

static void enter_code(struct markdown *m, const MD_BLOCK_CODE_DETAIL *d)
{
    begin_block(m);
    m->in_code = true;
    m->indent = 0;
    m->language = highlight_language(d->lang.text, d->lang.size);
    m->highlight = (struct highlight){0};
    const char *bar = m->l->options->ascii ? "| " : "▎ ";
    page_push(m->l, bar, bar, STYLE_BLOCK_LABEL);
    page_begin_block(m->l, d->lang.text, d->lang.size);
    if (d->lang.size == 0 || m->l->failed)
        return;
    page_begin_line(m->l);
    const struct rendering *r = m->l->out;
    const char *language = r->blocks[r->n_blocks - 1].language;
    struct stretch label = {0};
    size_t fits = text_fit(language, strlen(language), page_width(m->l));
    stretch_add(&label, language, fits, RENDER_NO_SOURCE, STYLE_BLOCK_LABEL);
    page_put_stretch(m->l, &label, 0, label.n);
    stretch_free(&label);
    page_end_line(m->l);
}

/* Writes the line of code that was gathered. */
static void end_code_line(struct markdown *m)
{
    struct stretch *s = &m->s;
    if (m->language != NULL && !s->failed)
        highlight_line(m->language, &m->highlight, s->text, s->n, s->style);
    page_wrap_code(m->l, s, 0, s->n);
    s->n = 0;
    m->indent = 0;
}

static void leave_code(struct markdown *m)
{
    if (m->s.n > 0)
        end_code_line(m);
    m->in_code = false;
    m->l->block = -1;
    page_pop(m->l);
    end_block(m);
}

/* md4c gives the indent of a line as blanks of its own. Returns how many bytes before text[at] are that indent, so
 * that tabs stay tabs. */
static size_t indent_before(const struct markdown *m, size_t at)
{
    size_t columns = 0, from = at;
    while (from > 0 && columns < m->indent && (m->text[from - 1] == ' ' || m->text[from - 1] == '\t'))
        columns += m->text[--from] == '\t' ? TEXT_TAB : 1;
    return at - from;
}

static void code_text(struct markdown *m, const char *text, size_t size, size_t at)
{
    if (at == SIZE_MAX) {
        if (text[0] == '\n')
            end_code_line(m);
        else
            m->indent += size;
        return;
    }
    size_t indent = indent_before(m, at);
    stretch_add_clean(&m->s, text - indent, size + indent, m->origin + at - indent, STYLE_BLOCK);
    m->indent = 0;
    m->last = at + size;
    struct rendering *r = m->l->out;
    if (m->l->block < 0)
        return;
    struct render_block *b = &r->blocks[m->l->block];
    if (b->source == RENDER_NO_SOURCE)
        b->source = m->origin[at - indent];
    b->end = m->last < m->size ? m->origin[m->last] : m->origin[m->size];
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static void enter_table(struct markdown *m, const MD_BLOCK_TABLE_DETAIL *d)
{
    begin_block(m);
    m->in_table = true;
    m->table.n = 0;
    m->table.n_columns = d->col_count;
}

static void leave_table(struct markdown *m)
{
    table_write(&m->table, &m->s, m->l);
    m->in_table = false;
    m->s.n = 0;
    end_block(m);
}

static void enter_cell(struct markdown *m, const MD_BLOCK_TD_DETAIL *d)
{
    enum table_align align = d->align == MD_ALIGN_RIGHT    ? TABLE_RIGHT
                             : d->align == MD_ALIGN_CENTER ? TABLE_CENTER
                                                           : TABLE_LEFT;
    if (m->table.n >= CELLS_MOST)
        m->result = MARKDOWN_REFUSED;
    else if (!table_add(&m->table, m->s.n, align))
        m->result = MARKDOWN_MEMORY;
}

/* The size of a line break written as a tag (<br>, <br/>, <br />) at byte i of the cell; 0: there is none. */
static size_t break_tag(const struct stretch *s, size_t i)
{
    const char *tag = s->text + i;
    size_t left = s->n - i, n = 3;
    if (left < 4 || s->style[i] == STYLE_CODE || strncasecmp(tag, "<br", 3) != 0)
        return 0;
    while (n < left && tag[n] == ' ')
        n++;
    n += n < left && tag[n] == '/';
    return n < left && tag[n] == '>' ? n + 1 : 0;
}

/* Only <br> breaks a line in a cell. md4c leaves the backslash of \| in code: it goes. */
static void leave_cell(struct markdown *m)
{
    struct table_cell *cell = &m->table.cells[m->table.n - 1];
    page_link_addresses(m->l, &m->s, cell->from, true, may_grow(m, m->last));
    if (!formulas_in_line(m->l, m->formulas, &m->next_formula, &m->s, cell->from))
        m->result = MARKDOWN_MEMORY;
    struct stretch *s = &m->s;
    size_t to = cell->from;
    for (size_t i = cell->from, tag; i<s->n; i += tag> 0 ? tag : 1) {
        tag = break_tag(s, i);
        if (s->text[i] == '\\' && s->style[i] == STYLE_CODE && i + 1 < s->n && s->text[i + 1] == '|')
            continue;
        s->text[to] = tag > 0 ? '\n' : s->text[i] == '\t' || s->text[i] == '\n' ? ' ' : s->text[i];
        s->source[to] = s->source[i];
        s->link[to] = s->link[i];
        s->style[to++] = s->style[i];
    }
    s->n = cell->to = to;
}

static void write_rule(struct markdown *m)
{
    begin_block(m);
    page_begin_line(m->l);
    page_repeat(m->l, m->l->options->ascii ? "-" : "\xE2\x94\x80", page_width(m->l), STYLE_RULE);
    page_end_line(m->l);
    end_block(m);
}

/* ---- what md4c calls --------------------------------------------------------------------------------------------- */

static int result_of(const struct markdown *m)
{
    return m->result != MARKDOWN_DONE || m->l->failed || m->s.failed;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct markdown *m = context;
    const MD_BLOCK_OL_DETAIL *ol = detail;
    switch (type) {
    case MD_BLOCK_QUOTE: enter_quote(m); break;
    case MD_BLOCK_UL: enter_list(m, (struct list){.tight = ((MD_BLOCK_UL_DETAIL *)detail)->is_tight}); break;
    case MD_BLOCK_OL: enter_list(m, (struct list){true, ol->is_tight, ol->start, ol->mark_delimiter}); break;
    case MD_BLOCK_LI: enter_item(m, detail); break;
    case MD_BLOCK_HR: write_rule(m); break;
    case MD_BLOCK_H:
        begin_block(m);
        m->heading = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE: enter_code(m, detail); break;
    case MD_BLOCK_P: begin_block(m); break;
    case MD_BLOCK_TABLE: enter_table(m, detail); break;
    case MD_BLOCK_THEAD: m->in_head = true; break;
    case MD_BLOCK_TBODY: m->in_head = false; break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: enter_cell(m, detail); break;
    default: break;
    }
    return result_of(m);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
    struct markdown *m = context;
    (void)detail;
    switch (type) {
    case MD_BLOCK_QUOTE: leave_quote(m); break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL: leave_list(m); break;
    case MD_BLOCK_LI: leave_item(m); break;
    case MD_BLOCK_H:
        end_block(m);
        m->heading = 0;
        break;
    case MD_BLOCK_CODE: leave_code(m); break;
    case MD_BLOCK_P: end_block(m); break;
    case MD_BLOCK_TABLE: leave_table(m); break;
    case MD_BLOCK_THEAD: m->in_head = false; break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: leave_cell(m); break;
    default: break;
    }
    return result_of(m);
}

/* The offset in the text of a pointer that md4c gave; SIZE_MAX: it points elsewhere. */
static size_t offset_of(const struct markdown *m, const char *at)
{
    uintptr_t first = (uintptr_t)m->text, p = (uintptr_t)at;
    return p >= first && p < first + m->size ? p - first : SIZE_MAX;
}

/* Adds the target of a link after its text, unless the text is the target. */
static void put_target(struct markdown *m, const MD_ATTRIBUTE *target, size_t from)
{
    const char *said = m->s.text + from;
    size_t size = m->s.n - from, skip = target->size > 7 && memcmp(target->text, "mailto:", 7) == 0 ? 7 : 0;
    if (m->s.failed || target->size == 0 || (size == target->size && memcmp(said, target->text, size) == 0) ||
        (size == target->size - skip && memcmp(said, target->text + skip, size) == 0))
        return;
    size_t at = offset_of(m, target->text);
    stretch_add(&m->s, " (", 2, RENDER_NO_SOURCE, STYLE_DIM);
    if (at != SIZE_MAX && at >= m->last &&
        at - m->last <= 3) /* not from a definition elsewhere, as sources must not fall */
        stretch_add_clean(&m->s, target->text, target->size, m->origin + at, STYLE_DIM);
    else
        stretch_add(&m->s, target->text, target->size, RENDER_NO_SOURCE, STYLE_DIM);
    stretch_add(&m->s, ")", 1, RENDER_NO_SOURCE, STYLE_DIM);
}

/* The address that a target stands for, in which entities are written as such. */
static uint16_t add_target(struct markdown *m, const MD_ATTRIBUTE *target)
{
    struct buf address;
    char bytes[4];
    buf_init(&address, LINK_MOST);
    for (unsigned i = 0; i < UINT_MAX && target->size > 0 && target->substr_offsets[i] < target->size; i++) {
        const char *text = target->text + target->substr_offsets[i];
        size_t size = target->substr_offsets[i + 1] - target->substr_offsets[i];
        uint32_t code = target->substr_types[i] == MD_TEXT_ENTITY ? entity_decode(text, size) : UTF8_INVALID;
        if (code == UTF8_INVALID)
            buf_append(&address, text, size);
        else
            buf_append(&address, bytes, utf8_encode(code, bytes));
    }
    uint16_t link = buf_failed(&address) ? 0 : page_add_link(m->l, buf_text(&address), address.size);
    buf_free(&address);
    return link;
}

static void enter_link(struct markdown *m, const MD_ATTRIBUTE *target)
{
    if (m->link < LINKS_MOST) {
        uint16_t link = add_target(m, target);
        m->links[m->link] = m->s.n;
        m->outer[m->link] = m->s.linked;
        m->s.linked = link > 0 ? link : m->s.linked;
    }
    m->link++;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct markdown *m = context;
    switch (type) {
    case MD_SPAN_EM: m->emphasis++; break;
    case MD_SPAN_STRONG: m->strong++; break;
    case MD_SPAN_DEL: m->struck++; break;
    case MD_SPAN_CODE: m->code++; break;
    case MD_SPAN_A: enter_link(m, &((MD_SPAN_A_DETAIL *)detail)->href); break;
    case MD_SPAN_IMG: enter_link(m, &((MD_SPAN_IMG_DETAIL *)detail)->src); break;
    default: break;
    }
    return result_of(m);
}

static void leave_link(struct markdown *m, const MD_ATTRIBUTE *target)
{
    if (--m->link >= LINKS_MOST)
        return;
    size_t from = m->links[m->link], at = offset_of(m, target->text);
    bool grows = may_grow(m, m->last) || (at != SIZE_MAX && may_grow(m, at + target->size));
    put_target(m, target, from);
    m->s.linked = m->outer[m->link];
    for (size_t i = from; grows && !m->s.failed && i < m->s.n; i++)
        m->s.link[i] = STRETCH_NO_LINK;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
    struct markdown *m = context;
    switch (type) {
    case MD_SPAN_EM: m->emphasis--; break;
    case MD_SPAN_STRONG: m->strong--; break;
    case MD_SPAN_DEL: m->struck--; break;
    case MD_SPAN_CODE: m->code--; break;
    case MD_SPAN_A: leave_link(m, &((MD_SPAN_A_DETAIL *)detail)->href); break;
    case MD_SPAN_IMG: leave_link(m, &((MD_SPAN_IMG_DETAIL *)detail)->src); break;
    default: break;
    }
    return result_of(m);
}

/* Markdown joins the lines of a paragraph. That is right for wrapped lines, but short ones are verses or addresses and
 * stay lines. */
static bool is_short_line(const struct markdown *m)
{
    size_t from = m->last;
    while (from > 0 && m->text[from - 1] != '\n')
        from--;
    return text_columns(m->text + from, m->last - from, 0) < WRAPPED_LINE;
}

static void put_break(struct markdown *m, bool hard)
{
    uint32_t source = m->last < m->size ? m->origin[m->last] : RENDER_NO_SOURCE;
    bool stays = !m->in_table && (hard || is_short_line(m));
    stretch_add(&m->s, stays ? "\n" : " ", 1, source, current_style(m));
}

/* Adds the character that an entity stands for, or the entity as it is written when it is unknown. */
static void put_entity(struct markdown *m, const char *text, size_t size, size_t at)
{
    uint32_t code = entity_decode(text, size);
    char bytes[4];
    struct buf clean;
    if (code == UTF8_INVALID) {
        stretch_add_clean(&m->s, text, size, m->origin + at, current_style(m));
        return;
    }
    buf_init(&clean, 64);
    size_t n = utf8_encode(code, bytes);
    text_clean(bytes, n, &clean, NULL);
    bool same = clean.size == n && memcmp(buf_text(&clean), bytes, n) == 0;
    if (same)
        stretch_add(&m->s, bytes, n, m->origin[at], current_style(m));
    for (size_t i = 0; i < clean.size && !same;
         i++) /* all from one place, like anything that text_clean makes visible */
        stretch_add(&m->s, clean.data + i, 1, m->origin[at], STYLE_CONTROL);
    buf_free(&clean);
}

/* Whether the character at text[at] follows a backslash that Markdown removed and that formulas need, as in \( and \[.
 * Hardly any other text has these. */
static bool is_formula(const struct markdown *m, size_t at)
{
    return at > 0 && m->text[at - 1] == '\\' && m->last < at && m->text[at] != '\0' &&
           strchr("()[]{},;:!%&\\", m->text[at]) != NULL;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
    struct markdown *m = context;
    size_t at = offset_of(m, text);
    if (m->in_code) {
        code_text(m, text, size, at);
        return result_of(m);
    }
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) {
        put_break(m, type == MD_TEXT_BR);
        return result_of(m);
    }
    if (at == SIZE_MAX)
        stretch_add(&m->s, text, size, RENDER_NO_SOURCE, current_style(m));
    else if (type == MD_TEXT_ENTITY)
        put_entity(m, text, size, at);
    else if (type == MD_TEXT_NORMAL && is_formula(m, at))
        stretch_add_clean(&m->s, text - 1, size + 1, m->origin + at - 1, current_style(m));
    else
        stretch_add_clean(&m->s, text, size, m->origin + at, current_style(m));
    if (at != SIZE_MAX)
        m->last = at + size;
    return result_of(m);
}

enum markdown_result markdown_render(const char *text, size_t size, const uint32_t *origin,
                                     const struct guard_formulas *formulas, struct page *l)
{
    static const MD_PARSER parser = {
        .flags = MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = add_text,
    };
    struct markdown m = {.text = text, .size = size, .origin = origin, .formulas = formulas, .l = l};
    int stopped = md_parse(text, (MD_SIZE)size, &parser, &m);
    if (m.s.failed || l->failed || (stopped != 0 && m.result == MARKDOWN_DONE))
        m.result = MARKDOWN_MEMORY;
    stretch_free(&m.s);
    table_free(&m.table);
    return m.result;
}
