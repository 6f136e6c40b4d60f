/* Table: a column that needs less than its share gets what it needs; the others share the rest. */
#include <config.h>

#include "ui/text/table.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/text.h"

enum { NARROWEST = 4 }; /* columns of the screen; narrower columns cannot be read */

bool table_add(struct table *t, size_t from, enum table_align align)
{
    if (t->n == t->capacity) {
        size_t capacity = 2 * t->capacity + 32;
        struct table_cell *cells = realloc(t->cells, capacity * sizeof *cells);
        if (cells == NULL)
            return false;
        t->cells = cells;
        t->capacity = capacity;
    }
    t->cells[t->n++] = (struct table_cell){from, from, align};
    return true;
}

void table_free(struct table *t)
{
    free(t->cells);
    *t = (struct table){0};
}

/* The columns of the widest line of a cell. */
static int cell_columns(const struct table_cell *c, const struct stretch *s)
{
    int widest = 0;
    for (size_t at = c->from, end; at < c->to; at = end + 1) {
        const char *newline = memchr(s->text + at, '\n', c->to - at);
        end = newline != NULL ? (size_t)(newline - s->text) : c->to;
        int columns = text_columns(s->text + at, end - at, 0);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

static void widest_cells(const struct table *t, const struct stretch *s, int *widths)
{
    for (size_t i = 0; i < t->n; i++) {
        int columns = cell_columns(&t->cells[i], s);
        if (columns > widths[i % t->n_columns])
            widths[i % t->n_columns] = columns;
    }
}

/* Makes the sum of widths at most room. Returns whether a column became narrower. */
static bool fit_columns(int *widths, size_t n, int room)
{
    long sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += widths[i];
    if (sum <= room)
        return false;
    int share = room / (int)n, before;
    do { /* what a narrow column leaves of its share goes to the others */
        int rest = room, wide = 0;
        for (size_t i = 0; i < n; i++)
            if (widths[i] <= share)
                rest -= widths[i];
            else
                wide++;
        before = share;
        share = wide > 0 ? rest / wide : share;
    } while (share > before);
    for (size_t i = 0; i < n; i++)
        if (widths[i] > share)
            widths[i] = share;
    return true;
}

/* Writes the next line of a cell into its column, which begins at `column`. Returns whether more lines follow. */
static bool write_part(struct table_cell *c, const struct stretch *s, struct page *l, int column, int width)
{
    if (c->from >= c->to)
        return false;
    size_t end, next = text_wrap(s->text + c->from, c->to - c->from, width, &end);
    int rest = width - text_columns(s->text + c->from, end, 0);
    page_pad(l, column + (c->align == TABLE_RIGHT ? rest : c->align == TABLE_CENTER ? rest / 2 : 0), STYLE_TEXT);
    page_put_stretch(l, s, c->from, c->from + end);
    c->from += next;
    return c->from < c->to;
}

static void write_row(struct table_cell *cells, size_t n, const struct stretch *s, const int *widths, struct page *l)
{
    const char *bar = l->options->ascii ? " | " : " \xE2\x94\x82 ";
    for (bool more = true; more && !l->failed && !s->failed;) {
        more = false;
        page_begin_line(l);
        for (size_t i = 0, column = 0; i < n; column += (size_t)widths[i] + 3, i++) {
            if (i > 0) {
                page_pad(l, (int)column - 3, STYLE_TEXT);
                page_put(l, bar, STYLE_TABLE);
            }
            more = write_part(&cells[i], s, l, (int)column, widths[i]) || more;
        }
        page_end_line(l);
    }
}

static void write_rule(const int *widths, size_t n, struct page *l)
{
    bool ascii = l->options->ascii;
    page_begin_line(l);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            page_put(l, ascii ? "-+-" : "\xE2\x94\x80\xE2\x94\xBC\xE2\x94\x80", STYLE_TABLE);
        page_repeat(l, ascii ? "-" : "\xE2\x94\x80", widths[i], STYLE_TABLE);
    }
    page_end_line(l);
}

/* Writes each row as a paragraph, for tables with more columns than there is room for. */
static void write_flowing(const struct table *t, const struct stretch *s, struct page *l)
{
    struct stretch row = {0};
    for (size_t i = 0; i < t->n; i++) {
        const struct table_cell *c = &t->cells[i];
        for (size_t b = c->from; b < c->to; b++) {
            row.linked = s->link[b];
            stretch_add(&row, s->text[b] == '\n' ? " " : s->text + b, 1, s->source[b], s->style[b]);
        }
        row.linked = 0;
        bool last = (i + 1) % t->n_columns == 0;
        if (!last && c->to > c->from)
            stretch_add(&row, " | ", 3, RENDER_NO_SOURCE, STYLE_TABLE);
        if (last) {
            page_wrap(l, &row, 0, row.n);
            row.n = 0;
        }
    }
    l->failed = l->failed || row.failed;
    stretch_free(&row);
}

static void write_columns(const struct table *t, const struct stretch *s, const int *widths, bool wraps, struct page *l)
{
    struct table_cell *row = malloc(t->n_columns * sizeof *row);
    if (row == NULL) {
        l->failed = true;
        return;
    }
    for (size_t i = 0; i + t->n_columns <= t->n; i += t->n_columns) {
        if (i > t->n_columns && wraps)
            write_rule(widths, t->n_columns, l);
        for (size_t c = 0; c < t->n_columns; c++)
            row[c] = t->cells[i + c];
        write_row(row, t->n_columns, s, widths, l);
        if (i == 0)
            write_rule(widths, t->n_columns, l);
    }
    free(row);
}

void table_write(const struct table *t, const struct stretch *s, struct page *l)
{
    if (t->n_columns == 0 || s->failed)
        return;
    long room = (long)page_width(l) - 3 * (long)(t->n_columns - 1);
    if (room < NARROWEST * (long)t->n_columns) {
        write_flowing(t, s, l);
        return;
    }
    int *widths = calloc(t->n_columns, sizeof *widths);
    if (widths == NULL) {
        l->failed = true;
        return;
    }
    widest_cells(t, s, widths);
    bool wraps = fit_columns(widths, t->n_columns, (int)room);
    write_columns(t, s, widths, wraps, l);
    free(widths);
}
