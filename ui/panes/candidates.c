/* Candidates: their rows. */
#include <config.h>

#include "ui/panes/candidates.h"

#include <stdlib.h>

#include "ui/text/text.h"

enum { WORD = 12 }; /* columns for a candidate's text */

void candidates_free(struct candidates *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->at[i].text);
        free(c->at[i].removed_by);
    }
    c->n = 0;
}

void candidates_set(struct candidates *c, const struct ui_candidate *list, size_t n)
{
    candidates_free(c);
    for (; c->n < n && c->n < CANDIDATES_MOST; c->n++) {
        c->at[c->n].text = text_clean_line(list[c->n].text);
        c->at[c->n].removed_by = text_clean_line(list[c->n].removed_by);
        c->at[c->n].before = list[c->n].before;
        c->at[c->n].after = list[c->n].after;
        c->at[c->n].chosen = list[c->n].chosen;
    }
}

void candidates_bar(struct canvas *s, const struct area *a, int row, int column, int width, double part)
{
    bool ascii = canvas_is_ascii(s);
    int filled = (int)(part * width + 0.5);
    for (int i = 0; i < width; i++)
        canvas_puts(s, a, row, column + i, i < filled ? STYLE_BAR : STYLE_BAR_EMPTY,
                    i < filled ? ascii ? "#" : "▓"
                    : ascii    ? "."
                               : "░");
}

/* One candidate: its text, what the model gave it and what the settings made of that. */
static void draw_row(const struct candidates *c, struct canvas *s, const struct area *a, int row, size_t i,
                     bool selected)
{
    bool removed = c->at[i].removed_by != NULL;
    unsigned style = selected ? STYLE_SELECTED : removed ? STYLE_REMOVED : c->at[i].chosen ? STYLE_CHOSEN : STYLE_TEXT;
    struct area word = {a->y, a->x, a->rows, a->columns < WORD ? a->columns : WORD};
    if (selected)
        canvas_blank(s, a, row, 0, a->columns, style);
    canvas_puts(s, &word, row, 0, style, c->at[i].text != NULL ? c->at[i].text : "");
    int column = canvas_printf(s, a, row, WORD + 1, style, "%5.1f", (double)c->at[i].before * 100);
    if (removed) {
        canvas_puts(s, a, row, column + 1, style, c->at[i].removed_by);
        return;
    }
    column = canvas_printf(s, a, row, column + 1, style, "%5.1f", (double)c->at[i].after * 100);
    if (a->columns - column > 3)
        candidates_bar(s, a, row, column + 1, a->columns - column - 1, (double)c->at[i].after);
}

int candidates_draw(const struct candidates *c, struct canvas *s, const struct area *a, int row, size_t selected)
{
    for (size_t i = 0; i < c->n; i++)
        draw_row(c, s, a, row++, i, i == selected);
    return row;
}
