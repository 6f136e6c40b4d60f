/* Layout: which pane stands where, from the size of the screen and what is shown. */
#ifndef PALAVER_UI_DRAW_LAYOUT_H
#define PALAVER_UI_DRAW_LAYOUT_H

#include "ui/draw/canvas.h"

/* Below LAYOUT_WIDE columns side panes are there only while they are used. The list lies over the transcript then; settings
 * and lens, which are looked at together with the text, do so where the transcript would be left less than LAYOUT_TEXT. */
enum { LAYOUT_WIDE = 100, LAYOUT_LIST = 26, LAYOUT_SETTINGS = 38, LAYOUT_TEXT = 36 };

struct layout {
    struct area head, transcript, composer, status; /* composer: with its frame */
    struct area list, settings;                     /* rows 0: not shown */
};

/* composer_lines: lines of text; the composer takes a third of the height at most. */
void layout_make(struct layout *out, int rows, int columns, bool list, bool settings, int composer_lines);

#endif
