/* Candidates: what the next token could be, as rows with bars; part of the settings and of the lens. */
#ifndef PALAVER_UI_PANES_CANDIDATES_H
#define PALAVER_UI_PANES_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/draw/canvas.h"
#include "ui/ui.h"

enum { CANDIDATES_MOST = 12 };

struct candidates {
    struct {
        char *text, *removed_by;
        float before, after;
        bool chosen;
    } at[CANDIDATES_MOST]; /* see struct ui_candidate */
    size_t n;
};

/* Replaces them by copies of the first CANDIDATES_MOST. */
void candidates_set(struct candidates *c, const struct ui_candidate *list, size_t n);
void candidates_free(struct candidates *c);
/* Draws them from a row on, as many as the area has room for; selected is among them and marked, c->n: none. Returns the
 * next row. */
int candidates_draw(const struct candidates *c, struct canvas *s, const struct area *a, int row, size_t selected);

#endif
