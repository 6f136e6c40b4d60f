/* Lens. */
#include <config.h>

#include "ui/lens.h"

#include <stdlib.h>
#include <string.h>

#include "ui/candidates.h"
#include "ui/text.h"

struct lens {
    bool any;
    char *text, *facts, *settings;
    struct candidates candidates;
    size_t chosen; /* among the candidates */
};

struct lens *lens_new(void)
{
    return calloc(1, sizeof(struct lens));
}

void lens_free(struct lens *l)
{
    if (l == NULL)
        return;
    lens_set(l, NULL);
    free(l);
}

void lens_set(struct lens *l, const struct ui_token_details *d)
{
    free(l->text);
    free(l->facts);
    free(l->settings);
    l->any = d != NULL;
    l->text = d != NULL ? candidates_copy(d->text) : NULL;
    l->facts = d != NULL && d->facts != NULL ? strdup(d->facts) : NULL;
    l->settings = d != NULL ? candidates_copy(d->settings) : NULL;
    candidates_set(&l->candidates, d != NULL ? d->candidates : NULL, d != NULL ? d->n_candidates : 0);
    l->chosen = 0;
    for (size_t i = 0; i < l->candidates.n; i++)
        if (l->candidates.at[i].chosen)
            l->chosen = i;
}

/* Wrapped text; returns the next row. */
static int draw_text(struct screen *s, const struct area *a, int row, unsigned style, const char *text)
{
    size_t size = strlen(text), end;
    for (size_t at = 0; at < size; row++) {
        size_t next = text_wrap(text + at, size - at, a->columns, &end);
        screen_text(s, a, row, 0, style, text + at, end);
        at += next;
    }
    return row;
}

void lens_draw(struct lens *l, struct screen *s, const struct area *a, bool focus)
{
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    int row = 0;
    for (int i = 0; i < inner.rows; i++)
        screen_blank(s, &inner, i, 0, inner.columns, STYLE_TEXT);
    screen_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, "Lens");
    if (!l->any) {
        draw_text(s, &inner, 0, STYLE_DIM, "No token here: ← → move inside an answer that has a record of its tokens.");
        return;
    }
    row = draw_text(s, &inner, row, STYLE_CHOSEN, l->text != NULL ? l->text : "");
    if (l->facts != NULL)
        row = draw_text(s, &inner, row, STYLE_TEXT, l->facts) + 1;
    screen_puts(s, &inner, row++, 0, STYLE_TITLE, "Could have been");
    screen_puts(s, &inner, row++, 0, STYLE_DIM, "% by the model, % with the settings");
    row = candidates_draw(&l->candidates, s, &inner, row, focus ? l->chosen : l->candidates.n) + 1;
    if (l->settings != NULL)
        row = draw_text(s, &inner, row, STYLE_DIM, l->settings) + 1;
    draw_text(s, &inner, row, STYLE_DIM, "← → token, ↑ ↓ alternative, Enter goes on with it instead, Esc leaves");
}

bool lens_choose(struct lens *l, int step)
{
    if (l->candidates.n == 0)
        return false;
    l->chosen = step > 0 ? (l->chosen + 1) % l->candidates.n : (l->chosen + l->candidates.n - 1) % l->candidates.n;
    return true;
}

size_t lens_chosen(const struct lens *l)
{
    return l->chosen;
}
