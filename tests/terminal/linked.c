/* Links of cells: libvterm's state once more, without its screen. */
#include <config.h>

#include "linked.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

enum { ROWS = 128, COLUMNS = 512, ADDRESSES = 4096, LONGEST = 2048 };

struct linked {
    VTerm *term;
    char *addresses[ADDRESSES]; /* number 0: none */
    int n_addresses, open;
    short cells[ROWS][COLUMNS];
};

static bool is_inside(int row, int column)
{
    return row >= 0 && row < ROWS && column >= 0 && column < COLUMNS;
}

static int on_glyph(VTermGlyphInfo *glyph, VTermPos at, void *user)
{
    struct linked *l = user;
    for (int i = 0; i < glyph->width; i++)
        if (is_inside(at.row, at.col + i))
            l->cells[at.row][at.col + i] = (short)l->open;
    return 1;
}

static int on_erase(VTermRect rect, int selective, void *user)
{
    struct linked *l = user;
    (void)selective;
    for (int row = rect.start_row; row < rect.end_row; row++)
        for (int column = rect.start_col; column < rect.end_col; column++)
            if (is_inside(row, column))
                l->cells[row][column] = 0;
    return 1;
}

static int on_move(VTermRect to, VTermRect from, void *user)
{
    struct linked *l = user, *before = malloc(sizeof *before);
    memcpy(before->cells, l->cells, sizeof l->cells);
    for (int row = 0; row < to.end_row - to.start_row; row++)
        for (int column = 0; column < to.end_col - to.start_col; column++)
            if (is_inside(to.start_row + row, to.start_col + column) &&
                is_inside(from.start_row + row, from.start_col + column))
                l->cells[to.start_row + row][to.start_col + column] =
                    before->cells[from.start_row + row][from.start_col + column];
    free(before);
    return 1;
}

/* "8;id=7;https://…" opens a link, "8;;" closes it. */
static int on_osc(const char *command, size_t size, void *user)
{
    struct linked *l = user;
    const char *address = size > 2 && memcmp(command, "8;", 2) == 0 ? memchr(command + 2, ';', size - 2) : NULL;
    if (address == NULL)
        return 1;
    size -= (size_t)(++address - command);
    if (size == 0) {
        l->open = 0;
        return 1;
    }
    for (l->open = 1; l->open < l->n_addresses; l->open++)
        if (strlen(l->addresses[l->open]) == size && memcmp(l->addresses[l->open], address, size) == 0)
            return 1;
    if (l->n_addresses == ADDRESSES)
        abort();
    l->addresses[l->n_addresses++] = strndup(address, size);
    return 1;
}

static const VTermStateCallbacks callbacks = {.putglyph = on_glyph, .erase = on_erase, .moverect = on_move};
static const VTermParserCallbacks unknown = {.osc = on_osc};

struct linked *linked_new(int rows, int columns)
{
    struct linked *l = calloc(1, sizeof *l);
    l->n_addresses = 1;
    l->addresses[0] = strdup("");
    l->term = vterm_new(rows, columns);
    vterm_set_utf8(l->term, 1);
    VTermState *state = vterm_obtain_state(l->term);
    vterm_state_set_callbacks(state, &callbacks, l);
    vterm_state_set_unrecognised_fallbacks(state, &unknown, l);
    vterm_state_reset(state, 1);
    return l;
}

void linked_free(struct linked *l)
{
    vterm_free(l->term);
    for (int i = 0; i < l->n_addresses; i++)
        free(l->addresses[i]);
    free(l);
}

void linked_write(struct linked *l, const char *bytes, size_t size)
{
    vterm_input_write(l->term, bytes, size);
}

void linked_resize(struct linked *l, int rows, int columns)
{
    vterm_set_size(l->term, rows, columns);
}

const char *linked_at(const struct linked *l, int row, int column)
{
    return is_inside(row, column) ? l->addresses[l->cells[row][column]] : "";
}
