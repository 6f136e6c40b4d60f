/* Layout. */
#include <config.h>

#include "ui/draw/layout.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

void layout_make(struct layout *out, int rows, int columns, bool list, bool settings, int composer_lines)
{
    bool wide = columns >= LAYOUT_WIDE;
    bool beside = wide || columns >= LAYOUT_TEXT + 1 + LAYOUT_SETTINGS;
    int left = list && wide ? LAYOUT_LIST : 0, right = settings && beside ? LAYOUT_SETTINGS : 0;
    int x = left > 0 ? left + 1 : 0, width = columns - x - (right > 0 ? right + 1 : 0);
    int most = rows / 3 > 3 ? rows / 3 : 3;
    int composer = least(composer_lines + 2, most);
    *out = (struct layout){0};
    out->head = (struct area){0, x, 1, width};
    out->status = (struct area){rows - 1, 0, 1, columns};
    out->composer = (struct area){rows - 1 - composer, x, composer, width};
    out->transcript = (struct area){1, x, rows - 2 - composer, width};
    if (list) {
        out->list = (struct area){0, 0, rows - 1, wide ? left : least(columns, LAYOUT_LIST + 8)};
    }
    if (settings) {
        int size = beside ? right : least(columns, LAYOUT_SETTINGS);
        out->settings = (struct area){0, columns - size, rows - 1, size};
    }
}
