/* Layout: columns from left to right, then rows from above. */
#include <config.h>

#include "ui/draw/layout.h"

/* A side pane may grow by so much where it lies over the transcript. */
enum { OVERLAY_EXTRA = 8 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int list_columns(int columns)
{
    int wanted = columns / 5;
    return wanted < LAYOUT_LIST_COLUMNS ? LAYOUT_LIST_COLUMNS : least(wanted, LAYOUT_LIST_MOST);
}

void layout_make(struct layout *out, int rows, int columns, bool list, bool side, struct layout_needs needs)
{
    bool wide = columns >= LAYOUT_WIDE;
    bool beside = wide || columns >= LAYOUT_TEXT + 1 + LAYOUT_SIDE_COLUMNS;
    int left = list && wide ? list_columns(columns) : 0, right = side && beside ? LAYOUT_SIDE_COLUMNS : 0;
    int x = left > 0 ? left + 1 : 0, width = columns - x - (right > 0 ? right + 1 : 0);
    int most = rows / 3 > 3 ? rows / 3 : 3;
    int composer = least(needs.lines + 2, most);
    *out = (struct layout){0};
    out->at[LAYOUT_HEAD] = (struct area){0, x, 1, width};
    out->at[LAYOUT_TRANSCRIPT] = (struct area){1, x, rows - 2 - composer, width};
    out->at[LAYOUT_COMPOSER] = (struct area){rows - 1 - composer, x, composer, width};
    int menu = least(needs.menu_rows, out->at[LAYOUT_TRANSCRIPT].rows);
    out->at[LAYOUT_MENU] = (struct area){rows - 1 - composer - menu, x, menu, width};
    out->at[LAYOUT_STATUS] = (struct area){rows - 1, 0, 1, columns};
    out->at[LAYOUT_ALL] = (struct area){0, 0, rows - 1, columns};
    if (list)
        out->at[LAYOUT_LIST] =
            (struct area){0, 0, rows - 1, wide ? left : least(columns, LAYOUT_LIST_COLUMNS + OVERLAY_EXTRA)};
    if (side) {
        int size = beside ? right : least(columns, LAYOUT_SIDE_COLUMNS);
        out->at[LAYOUT_SIDE] = (struct area){0, columns - size, rows - 1, size};
    }
}
