/* Rows: a table or a list whose cells the program is asked for, of which one row is selected. For sheets. */
#ifndef PALAVER_UI_PANES_ROWS_H
#define PALAVER_UI_PANES_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/draw/canvas.h"
#include "ui/keys/key.h"
#include "ui/ui.h"

struct rows;

/* NULL when out of memory. */
struct rows *rows_new(void);
void rows_free(struct rows *r);
/* The selected row keeps its number as far as there is one. */
void rows_set(struct rows *r, const struct ui_rows *what);
/* 0 when there are none. */
size_t rows_selected(const struct rows *r);
void rows_select(struct rows *r, size_t row);
size_t rows_count(const struct rows *r);
/* Rows of the screen that all of it takes: the title, the headings, the rows. */
int rows_height(const struct rows *r);

void rows_draw(struct rows *r, struct canvas *s, const struct area *a, bool focus);
/* A key that moves, or the mouse over the area that was drawn: false when it is of no use. */
bool rows_key(struct rows *r, const struct key *key);
bool rows_mouse(struct rows *r, const struct area *a, const struct key *key);

#endif
