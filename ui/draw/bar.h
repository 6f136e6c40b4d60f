/* Bar: a part of a whole, in eighths of a column. */
#ifndef PALAVER_UI_DRAW_BAR_H
#define PALAVER_UI_DRAW_BAR_H

#include "ui/draw/canvas.h"

/* Draws part, 0 to 1, of width columns and returns the column after them. What is above 0 shows, however small. */
int bar_draw(struct canvas *s, const struct area *a, int row, int column, int width, double part);

#endif
