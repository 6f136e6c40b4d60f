/* Candidates: their rows. */
#include <config.h>

#include "ui/panes/candidates.h"

#include <stdio.h>
#include <stdlib.h>

#include "ui/draw/bar.h"
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

/* A probability in percent, in five columns. */
static void write_percent(float part, char out[8])
{
    snprintf(out, 8, part > 0 && part < 0.0005F ? " <0.1" : "%5.1f", (double)part * 100);
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
    char percent[8];
    write_percent(c->at[i].before, percent);
    int column = canvas_puts(s, a, row, WORD + 1, style, percent);
    if (removed) {
        canvas_puts(s, a, row, column + 1, style, c->at[i].removed_by);
        return;
    }
    write_percent(c->at[i].after, percent);
    column = canvas_puts(s, a, row, column + 1, style, percent);
    if (a->columns - column > 3 && c->at[i].after > 0)
        bar_draw(s, a, row, column + 1, a->columns - column - 1, (double)c->at[i].after);
}

int candidates_draw(const struct candidates *c, struct canvas *s, const struct area *a, int row, size_t selected)
{
    size_t room = row < a->rows ? (size_t)(a->rows - row) : 0;
    size_t first = selected < c->n && selected >= room ? selected - room + 1 : 0;
    for (size_t i = first; i < c->n && i < first + room; i++)
        draw_row(c, s, a, row++, i, i == selected);
    return row;
}
