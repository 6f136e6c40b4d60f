/* Composer lines: layout by text_wrap, kept up to date. */
#include <config.h>

#include "ui/panes/composer-lines.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/text.h"

enum { TEXT_MOST = 1 << 30 };
/* Where a line ends depends on the length of the word after it: a change can reach so many lines back. */
enum { LINES_BACK = 3 };

void typed_lines_init(struct typed_lines *l)
{
    *l = (struct typed_lines){0};
    buf_init(&l->text, TEXT_MOST);
    buf_init(&l->before, TEXT_MOST);
}

void typed_lines_free(struct typed_lines *l)
{
    buf_free(&l->text);
    buf_free(&l->before);
    free(l->starts);
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static bool add_start(struct typed_lines *l, size_t start)
{
    if (l->n == l->capacity) {
        size_t capacity = 2 * l->capacity + 64;
        size_t *more = realloc(l->starts, capacity * sizeof *more);
        if (more == NULL)
            return false;
        l->starts = more;
        l->capacity = capacity;
    }
    l->starts[l->n++] = start;
    return true;
}

/* The end of the line that begins at start; a column is left for the cursor. Returns where the next one begins; *last:
 * there is none. */
static size_t wrap_line(const struct typed_lines *l, size_t start, size_t *end, bool *last)
{
    const char *text = buf_text(&l->text);
    size_t left = l->text.size - start;
    size_t used = left > 0 ? text_wrap(text + start, left, l->columns > 3 ? l->columns - 1 : 2, end) : (*end = 0);
    *end += start;
    *last = used == left && (left == 0 || text[l->text.size - 1] != '\n');
    return start + used;
}

/* Lays out one more line; false when there is none, or when out of memory. */
static bool add_line(struct typed_lines *l)
{
    size_t end;
    bool last;
    if (l->whole)
        return false;
    if (l->n == 0)
        return add_start(l, 0);
    size_t next = wrap_line(l, l->starts[l->n - 1], &end, &last);
    l->whole = last || !add_start(l, next);
    return !l->whole;
}

static void set_width(struct typed_lines *l, int columns)
{
    if (columns == l->columns)
        return;
    l->columns = columns;
    l->n = 0;
    l->whole = false;
}

/* The line, of those laid out, that holds offset. */
static size_t line_at(const struct typed_lines *l, size_t offset)
{
    size_t low = 0, high = l->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Lays out again after the text changed: bytes before from and the last `same` bytes are as before. */
static void change_lines(struct typed_lines *l, size_t from, size_t same, size_t old_size)
{
    if (l->n == 0)
        return;
    size_t changed = line_at(l, from), keep = (changed > LINES_BACK ? changed - LINES_BACK : 0) + 1;
    size_t n_old = l->whole ? l->n - keep : 0, at = 0, size = l->text.size;
    size_t *old = l->whole ? malloc((n_old + 1) * sizeof *old) : NULL;
    if (old != NULL)
        memcpy(old, l->starts + keep, n_old * sizeof *old);
    l->n = keep;
    l->whole = false;
    while (old != NULL && add_line(l)) {
        size_t start = l->starts[l->n - 1];
        if (start < size - same)
            continue;
        size_t as_old = start - size + old_size;
        while (at < n_old && old[at] < as_old)
            at++;
        if (at == n_old)
            break;
        if (old[at] == as_old) {
            for (at++; at < n_old; at++)
                if (!add_start(l, old[at] - old_size + size))
                    break;
            l->whole = at == n_old;
            break;
        }
    }
    free(old);
}

bool typed_lines_set(struct typed_lines *l, const struct pastes *pastes, const wchar_t *text, size_t n, size_t cursor)
{
    struct buf new = l->before;
    buf_clear(&new);
    bool ok = pastes_narrow(pastes, &new, text, cursor, true);
    size_t at = new.size;
    ok = ok && pastes_narrow(pastes, &new, text + cursor, n - cursor, true);
    if (!ok) {
        l->before = new;
        return false;
    }
    l->before = l->text;
    l->text = new;
    const char *a = buf_text(&l->before), *b = buf_text(&new);
    size_t least = new.size < l->before.size ? new.size : l->before.size, from = 0, same = 0;
    while (from < least && a[from] == b[from])
        from++;
    while (same < least - from && a[l->before.size - 1 - same] == b[new.size - 1 - same])
        same++;
    l->cursor = at;
    bool different = from + same < new.size || new.size != l->before.size;
    if (different)
        change_lines(l, from, same, l->before.size);
    return true;
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

int typed_lines_count(struct typed_lines *l, int columns)
{
    set_width(l, columns);
    while (add_line(l))
        ;
    return l->n > 0 ? (int)l->n : 1;
}

bool typed_lines_get(struct typed_lines *l, int columns, int line, size_t *start, size_t *end)
{
    bool last;
    set_width(l, columns);
    while (line >= 0 && l->n <= (size_t)line && add_line(l))
        ;
    if (line < 0 || (size_t)line >= l->n)
        return false;
    *start = l->starts[line];
    wrap_line(l, *start, end, &last);
    return true;
}

/* The columns of text as it is drawn, cleaned. */
static int shown_columns(const char *text, size_t size)
{
    struct buf shown;
    buf_init(&shown, TEXT_MOST);
    text_clean(text, size, &shown, NULL);
    int columns = text_columns(buf_text(&shown), shown.size, 0);
    buf_free(&shown);
    return columns;
}

void typed_lines_where(struct typed_lines *l, int columns, int *line, int *column)
{
    set_width(l, columns);
    while ((l->n == 0 || l->starts[l->n - 1] <= l->cursor) && add_line(l))
        ;
    size_t at = l->n > 0 ? line_at(l, l->cursor) : 0, start = l->n > 0 ? l->starts[at] : 0;
    int wide = shown_columns(buf_text(&l->text) + start, l->cursor - start);
    *line = (int)at;
    *column = wide < columns ? wide : columns > 0 ? columns - 1 : 0;
}

size_t typed_lines_offset(struct typed_lines *l, int columns, int line, int column)
{
    struct buf shown;
    struct text_origin origin = {0};
    size_t start, end;
    if (line < 0)
        return 0;
    if (!typed_lines_get(l, columns, line, &start, &end))
        return l->text.size;
    buf_init(&shown, TEXT_MOST);
    size_t at = end - start;
    if (text_clean(buf_text(&l->text) + start, end - start, &shown, &origin)) {
        size_t fit = text_fit(buf_text(&shown), shown.size, column);
        at = fit < origin.n ? origin.at[fit] : at;
    }
    text_origin_free(&origin);
    buf_free(&shown);
    return start + at;
}
