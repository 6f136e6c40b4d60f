/* Unfinished: looks at the last paragraph alone, after finding out whether a code block is open. */
#include <config.h>

#include "ui/text/unfinished.h"

#include <string.h>

#include "ui/text/fence.h"
#include "ui/text/markdown-tables.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t line_start(const struct buf *b, size_t at)
{
    while (at > 0 && b->data[at - 1] != '\n')
        at--;
    return at;
}

static size_t skip_blanks(const struct buf *b, size_t at)
{
    while (at < b->size && is_blank(b->data[at]))
        at++;
    return at;
}

static size_t count_run(const struct buf *b, size_t at, char c)
{
    size_t n = 0;
    while (at + n < b->size && b->data[at + n] == c)
        n++;
    return n;
}

static bool is_empty_line(const struct buf *b, size_t at)
{
    at = skip_blanks(b, at);
    return at == b->size || b->data[at] == '\n';
}

/* Whether the text ends inside a code block. */
static bool in_code_block(const struct buf *b)
{
    struct fence fence = {0};
    for (size_t at = 0; at < b->size;) {
        const char *end = memchr(b->data + at, '\n', b->size - at);
        size_t next = end != NULL ? (size_t)(end - b->data) + 1 : b->size;
        fence_line(&fence, b->data + at, next - at);
        at = next;
    }
    return fence.c != '\0';
}

/* ---- the last line ----------------------------------------------------------------------------------------------- */

/* Whether the line at text[at] is all marks and can become anything. */
static bool is_undecided(const struct buf *b, size_t at)
{
    size_t from = skip_blanks(b, at), digits = from;
    while (digits < b->size && b->data[digits] >= '0' && b->data[digits] <= '9')
        digits++;
    if (digits > from && digits < b->size && (b->data[digits] == '.' || b->data[digits] == ')'))
        return is_empty_line(b, digits + 1);
    for (at = from; at < b->size && strchr("-*_=#+>`~|: \t", b->data[at]) != NULL; at++)
        ;
    return at == b->size && from < b->size;
}

/* Completes the line of dashes below a table's head. Returns whether the last line is one. */
static bool mend_table(struct buf *b, size_t last)
{
    size_t from = skip_blanks(b, last);
    if (last == 0 || from == b->size || strspn(b->data + from, "|-: \t") != b->size - from ||
        strchr(b->data + from, '-') == NULL)
        return false;
    size_t head = line_start(b, last - 1);
    bool after_text = head > 0 && !is_empty_line(b, line_start(b, head - 1));
    if (memchr(b->data + head, '|', last - head) == NULL || (after_text && strchr(b->data + from, '|') == NULL))
        return false;
    size_t start = skip_blanks(b, head);
    size_t cells = start < last ? tables_count_cells(b->data + start, last - 1 - start) : 1;
    size_t end = b->size;
    while (end > from && b->data[end - 1] != '|')
        end--;
    bool whole = strstr(b->data + end, "---") != NULL; /* md4c wants three */
    size_t there = tables_count_cells(b->data + from, (whole ? b->size : end) - from) - (end <= from + 1 && !whole);
    if (!whole)
        buf_truncate(b, end);
    for (; there < cells; there++)
        buf_puts(b, b->size > end ? "|---" : "---");
    return true;
}

/* ---- emphasis and code inside lines ------------------------------------------------------------------------------ */

enum { OPEN_MOST = 16 };
struct open {
    char c;
    size_t n;
};

static bool begins_block(const struct buf *b, size_t at)
{
    at = skip_blanks(b, at);
    if (at == b->size || b->data[at] == '\n')
        return true;
    char c = b->data[at], next = at + 1 < b->size ? b->data[at + 1] : ' ';
    return c == '|' || c == '#' || c == '>' || ((c == '-' || c == '*' || c == '+') && is_blank(next)) ||
           (c >= '0' && c <= '9');
}

/* Where the code that begins with n backticks at text[at] ends; 0: not yet. */
static size_t code_end(const struct buf *b, size_t at, size_t n)
{
    for (size_t i = at + n; i < b->size; i++) {
        size_t run = count_run(b, i, '`');
        if (run == n)
            return i + n;
        i += run;
    }
    return 0;
}

/* Lets the n marks at text[at] open or close emphasis; returns how many are open. */
static size_t take_marks(const struct buf *b, size_t at, size_t n, struct open *open, size_t n_open)
{
    char c = b->data[at], before = at > 0 ? b->data[at - 1] : '\n', next = at + n < b->size ? b->data[at + n] : '\n';
    bool closes = !is_blank(before) && before != '\n', opens = !is_blank(next) && (next != '\n' || at + n == b->size);
    if (c == '~' && n != 2)
        return n_open;
    while (closes && n > 0 && n_open > 0 && open[n_open - 1].c == c && open[n_open - 1].n <= n)
        n -= open[--n_open].n;
    if (closes && n > 0 && n_open > 0 && open[n_open - 1].c == c && at + n == b->size)
        return n_open; /* the first half of a closing mark */
    if (opens && n > 0 && n <= 3 && n_open < OPEN_MOST)
        open[n_open++] = (struct open){c, n};
    return n_open;
}

/* Finds what is open at the end of the paragraph that begins at from; returns how many. */
static size_t find_open(const struct buf *b, size_t from, struct open *open)
{
    size_t n_open = 0;
    for (size_t at = from, n = 1; at < b->size; at += n) {
        char c = b->data[at];
        n = 1;
        if (c == '\\') {
            n = 2;
        } else if (c == '\n' && begins_block(b, at + 1)) {
            n_open = 0;
        } else if (c == '`') {
            size_t run = count_run(b, at, '`'), end = code_end(b, at, run);
            if (end == 0 && n_open < OPEN_MOST) {
                open[n_open++] = (struct open){'`', run};
                return n_open;
            }
            n = end > 0 ? end - at : run;
        } else if (c == '*' || c == '~') {
            n = count_run(b, at, c);
            n_open = take_marks(b, at, n, open, n_open);
        }
    }
    return n_open;
}

static void cut_blanks_and(struct buf *b, size_t from, const char *marks)
{
    size_t size = b->size;
    while (size > from && (is_blank(b->data[size - 1]) || strchr(marks, b->data[size - 1]) != NULL))
        size--;
    buf_truncate(b, size);
}

/* Ends the target of a link: text after "](" without blanks. */
static void close_target(struct buf *b, size_t from)
{
    size_t at = b->size;
    while (at > from + 1 && !is_blank(b->data[at - 1]) && b->data[at - 1] != '\n' && b->data[at - 1] != ')' &&
           b->data[at - 1] != '(')
        at--;
    if (at > from + 1 && b->data[at - 1] == '(' && b->data[at - 2] == ']')
        buf_putc(b, ')');
}

static void close_marks(struct buf *b, size_t from)
{
    struct open open[OPEN_MOST];
    size_t n = find_open(b, from, open);
    if (n == 0 || open[n - 1].c != '`')
        close_target(b, from);
    if (n == 0)
        return;
    cut_blanks_and(b, from, open[n - 1].c == '`' ? "`" : "*~");
    n = find_open(b, from, open); /* marks at the end were cut off */
    while (n-- > 0)
        for (size_t i = 0; i < open[n].n; i++)
            buf_putc(b, open[n].c);
}

bool unfinished_mend(struct buf *b)
{
    if (b->size == 0)
        return true;
    size_t last = line_start(b, b->size);
    if (in_code_block(b)) {
        size_t from = skip_blanks(b, last);
        size_t rest = b->size - from;
        if (rest > 0 && rest < 3 && (count_run(b, from, '`') == rest || count_run(b, from, '~') == rest))
            buf_truncate(b, last);
        return true;
    }
    if (last == b->size || mend_table(b, last))
        return !buf_failed(b);
    if (is_undecided(b, last))
        buf_truncate(b, last);
    size_t from = line_start(b, b->size);
    while (from > 0 && !is_empty_line(b, from))
        from = line_start(b, from - 1);
    close_marks(b, from);
    return !buf_failed(b);
}
