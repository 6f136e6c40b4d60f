/* Links: marks are the numbers from 1 in seven bits of the attributes; each row with links remembers what its cells
 * were when its links were sent. */
#include <config.h>

#include "ui/draw/links.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "ui/text/link.h"

enum { MARKS = 127, ROWS_MOST = 1024, COLUMNS_MOST = 4096 };

struct target {
    char *address;
    unsigned drawing; /* in which its mark was given out last */
};

struct links {
    FILE *out; /* the terminal; empty before and after links_send */
    bool takes, able;
    unsigned drawing; /* the number of the one that is made now; the terminal shows the one before */
    struct target targets[MARKS];
    int rows, columns; /* of the screen, when links were sent last */
    bool touched[ROWS_MOST];
    uint64_t *shown[ROWS_MOST]; /* (columns): what the cells of a row hold; NULL: not known */
};

/* ---- marks ------------------------------------------------------------------------------------------------------ */

static const attr_t mark_bits[] = {A_PROTECT, A_HORIZONTAL, A_LEFT, A_LOW, A_RIGHT, A_TOP, A_VERTICAL};
enum { MARK_BITS = sizeof mark_bits / sizeof mark_bits[0] };

static attr_t mark_attributes(int number)
{
    attr_t a = A_NORMAL;
    for (int i = 0; i < MARK_BITS; i++)
        a |= (number >> i & 1) != 0 ? mark_bits[i] : A_NORMAL;
    return a;
}

static int mark_number(attr_t a)
{
    int number = 0;
    for (int i = 0; i < MARK_BITS; i++)
        number |= (a & mark_bits[i]) != 0 ? 1 << i : 0;
    return number;
}

/* Whether the terminal's description has no use for the bits of marks, and can do what links need. */
static bool is_able(void)
{
    static const char *const uses[] = {"prot", "ehhlm", "elhlm", "elohlm", "erhlm", "ethlm", "evhlm", "sgr1"};
    const char *all = tigetstr("sgr"), *moves = tigetstr("cup");
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (tigetstr(uses[i]) != NULL)
            return false;
    return moves != NULL && moves != (char *)-1 && strstr(moves, "$<") == NULL &&
           (all == NULL || strstr(all, "%p8") == NULL);
}

struct links *links_new(FILE *out, bool takes)
{
    struct links *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->out = out;
    l->takes = takes;
    l->drawing = 2;
    links_renew(l);
    return l;
}

void links_free(struct links *l)
{
    if (l == NULL)
        return;
    links_forget(l);
    for (int i = 0; i < MARKS; i++)
        free(l->targets[i].address);
    free(l);
}

void links_renew(struct links *l)
{
    l->able = l->takes && is_able();
    links_forget(l);
}

static void row_forget(struct links *l, int row)
{
    free(l->shown[row]);
    l->shown[row] = NULL;
}

void links_forget(struct links *l)
{
    for (int row = 0; row < ROWS_MOST; row++)
        row_forget(l, row);
}

/* The target of an address, or one that neither this drawing nor the one on the terminal has; MARKS: there is none. */
static int find_target(const struct links *l, const char *address)
{
    int unused = MARKS;
    for (int i = MARKS; i-- > 0;) {
        const struct target *t = &l->targets[i];
        if (t->address != NULL && strcmp(t->address, address) == 0)
            return i;
        if (t->address == NULL || t->drawing + 1 < l->drawing)
            unused = i;
    }
    return unused;
}

attr_t links_mark(struct links *l, const char *address)
{
    int i = l->able && link_is_clean(address) ? find_target(l, address) : MARKS;
    if (i == MARKS)
        return A_NORMAL;
    struct target *t = &l->targets[i];
    if (t->address == NULL || strcmp(t->address, address) != 0) {
        char *copy = strdup(address);
        if (copy == NULL)
            return A_NORMAL;
        free(t->address);
        t->address = copy;
    }
    t->drawing = l->drawing;
    return mark_attributes(i + 1);
}

void links_touch(struct links *l, int row)
{
    if (row >= 0 && row < ROWS_MOST)
        l->touched[row] = true;
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

struct cell {
    wchar_t text[CCHARW_MAX + 1];
    attr_t attributes;
    int pair, columns;
};

static bool cell_read(int row, int column, struct cell *cell)
{
    cchar_t from;
    short pair;
    *cell = (struct cell){.columns = 1};
    if (mvin_wch(row, column, &from) == ERR ||
        getcchar(&from, cell->text, &cell->attributes, &pair, &cell->pair) == ERR)
        return false;
    int width = wcwidth(cell->text[0]);
    cell->columns = width > 1 ? width : 1;
    return true;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t digest_add(uint64_t digest, uint64_t value)
{
    return (digest ^ value) * 0x100000001b3u;
}

static uint64_t cell_digest(const struct cell *cell)
{
    uint64_t digest = digest_add(0xcbf29ce484222325u, (uint64_t)cell->attributes);
    digest = digest_add(digest, (uint64_t)cell->pair);
    for (int i = 0; i < CCHARW_MAX && cell->text[i] != L'\0'; i++)
        digest = digest_add(digest, (uint64_t)cell->text[i]);
    return digest;
}

/* Remembers what a row holds. Returns the first column at which that is new; columns: nothing is. */
static int row_note(struct links *l, int row)
{
    bool known = l->shown[row] != NULL;
    int from = l->columns;
    if (!known && (l->shown[row] = calloc((size_t)l->columns, sizeof *l->shown[row])) == NULL)
        return 0;
    for (int x = 0, step; x < l->columns; x += step) {
        struct cell cell;
        uint64_t digest = cell_read(row, x, &cell) ? cell_digest(&cell) : 0;
        step = cell.columns;
        if ((!known || digest != l->shown[row][x]) && x < from)
            from = x;
        l->shown[row][x] = digest;
    }
    return from;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

/* Where put_byte writes: ncurses gives its callback no context, and there is one terminal. */
static FILE *terminal;

static int put_byte(int c)
{
    return putc(c, terminal);
}

static void put_position(const struct links *l, int row, int column)
{
    fputs(tiparm(tigetstr("cup"), row, column), l->out);
}

/* ncurses hears of the attributes, so that it knows what the terminal has. */
static void put_attributes(const struct links *l, attr_t attributes, int pair)
{
    terminal = l->out;
    vid_puts(attributes, 0, &pair, put_byte);
}

static void put_cell(const struct links *l, const struct cell *cell)
{
    char bytes[CCHARW_MAX * MB_LEN_MAX + 1];
    mbstate_t state = {0};
    const wchar_t *text = cell->text;
    size_t size = wcsrtombs(bytes, &text, sizeof bytes, &state);
    put_attributes(l, cell->attributes, cell->pair);
    if (size != (size_t)-1)
        fwrite(bytes, 1, size, l->out);
}

static void open_link(const struct links *l, int number)
{
    fprintf(l->out, "\033]8;id=p%d;%s\033\\", number, l->targets[number - 1].address);
}

static void close_link(const struct links *l)
{
    fputs("\033]8;;\033\\", l->out);
}

/* Sends the links of a row from a column on, and sets *sent where there are some. Returns whether the row has any. */
static bool row_send(const struct links *l, int row, int from, bool *sent)
{
    int open = 0;
    bool any = false;
    for (int x = 0, step; x < l->columns; x += step) {
        struct cell cell;
        int number = cell_read(row, x, &cell) ? mark_number(cell.attributes) : 0;
        step = cell.columns;
        any = any || number > 0;
        if (x < from || (number == 0 && open == 0))
            continue;
        if (number != open && open > 0)
            close_link(l);
        if (number != open && number > 0) {
            if (open == 0)
                put_position(l, row, x);
            open_link(l, number);
        }
        open = number;
        *sent = true;
        if (open > 0)
            put_cell(l, &cell);
    }
    if (open > 0)
        close_link(l);
    return any;
}

/* A row without links has nothing to remember: where links come, ncurses writes all of their cells. */
static void row_update(struct links *l, int row, bool *sent)
{
    bool touched = l->touched[row];
    l->touched[row] = false;
    if (!touched || !row_send(l, row, row_note(l, row), sent))
        row_forget(l, row);
}

static void fit_screen(struct links *l)
{
    int rows = LINES < ROWS_MOST ? LINES : ROWS_MOST, columns = COLS < COLUMNS_MOST ? COLS : COLUMNS_MOST;
    if (rows == l->rows && columns == l->columns)
        return;
    links_forget(l);
    l->rows = rows;
    l->columns = columns;
}

void links_send(struct links *l)
{
    int y, x;
    bool sent = false;
    l->drawing++;
    if (!l->able)
        return;
    fit_screen(l);
    getyx(stdscr, y, x);
    for (int row = 0; row < l->rows; row++)
        row_update(l, row, &sent);
    move(y, x);
    if (!sent)
        return;
    put_attributes(l, A_NORMAL, 0);
    put_position(l, y, x);
    fflush(l->out);
}
