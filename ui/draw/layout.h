/* Layout: which pane stands where, from the size of the screen and what is shown. */
#ifndef PALAVER_UI_DRAW_LAYOUT_H
#define PALAVER_UI_DRAW_LAYOUT_H

#include <stdbool.h>

#include "ui/draw/canvas.h"

/* The list takes a fifth of the columns, between LAYOUT_LIST_COLUMNS and LAYOUT_LIST_MOST. Below LAYOUT_WIDE columns side panes are there only while they are used. The list lies over the transcript then;
 * settings and lens, which are looked at together with the text, do so where the transcript would be left less than
 * LAYOUT_TEXT. */
enum { LAYOUT_WIDE = 100, LAYOUT_LIST_COLUMNS = 26, LAYOUT_LIST_MOST = 42, LAYOUT_SIDE_COLUMNS = 38, LAYOUT_TEXT = 36 };

enum layout_place {
    LAYOUT_HEAD, /* the line above the transcript */
    LAYOUT_TRANSCRIPT,
    LAYOUT_COMPOSER, /* with its frame */
    LAYOUT_MENU,     /* over the end of the transcript; rows 0: not shown */
    LAYOUT_LIST,     /* at the left; rows 0: not shown */
    LAYOUT_SIDE,     /* settings or lens, at the right; rows 0: not shown */
    LAYOUT_STATUS,   /* the last line */
    LAYOUT_ALL,      /* all but the last line */
    LAYOUT_PLACES,
};

struct layout {
    struct area at[LAYOUT_PLACES];
};

/* What the composer needs: lines of text, of which it takes a third of the height at most, and rows of its menu, which
 * takes as many as the transcript has. */
struct layout_needs {
    int lines, menu_rows;
};
void layout_make(struct layout *out, int rows, int columns, bool list, bool side, struct layout_needs needs);

#endif
