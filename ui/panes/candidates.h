/* Candidates: what the next token could be, as rows with bars. The settings and the lens show them. */
#ifndef PALAVER_UI_PANES_CANDIDATES_H
#define PALAVER_UI_PANES_CANDIDATES_H

#include "ui/draw/canvas.h"
#include "ui/ui.h"

enum { CANDIDATES_MOST = 12 };

struct candidates {
    struct { char *text, *removed_by; float before, after; bool chosen; } at[CANDIDATES_MOST];
    size_t n;
};

void candidates_set(struct candidates *c, const struct ui_candidate *list, size_t n);
void candidates_free(struct candidates *c);
/* Draws them from a row on; selected is marked, c->n: none. Returns the next row. */
int candidates_draw(const struct candidates *c, struct canvas *s, const struct area *a, int row, size_t selected);
/* A bar of width columns, filled to a part. */
void candidates_bar(struct canvas *s, const struct area *a, int row, int column, int width, double part);
/* A clean copy on one line; NULL stays NULL. */
char *candidates_copy(const char *text);

#endif
