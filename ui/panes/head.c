/* Head: a title at the left, a model at the right. */
#include <config.h>

#include "ui/panes/head.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/text.h"

enum { LEAST_TITLE = 10 }; /* columns; a title is shortened to so many before the model is left out */

struct head {
    char *title, *model;
};

struct head *head_new(void)
{
    return calloc(1, sizeof(struct head));
}

void head_free(struct head *h)
{
    if (h == NULL)
        return;
    free(h->title);
    free(h->model);
    free(h);
}

void head_set(struct head *h, const char *title, const char *model)
{
    free(h->title);
    free(h->model);
    h->title = text_clean_line(title);
    h->model = text_clean_line(model);
}

static void draw_head(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    const struct head *h = pane;
    const char *title = h->title != NULL ? h->title : "", *model = h->model != NULL ? h->model : "";
    int right = text_columns(model, strlen(model), 0), left = text_columns(title, strlen(title), 0);
    bool both = (left < LEAST_TITLE ? left : LEAST_TITLE) + right + 3 < a->columns;
    struct area place = {a->y, a->x, 1, both ? a->columns - right - 3 : a->columns - 1};
    (void)focus;
    canvas_puts(s, &place, 0, 1, STYLE_TITLE, title);
    if (both)
        canvas_puts(s, a, 0, a->columns - right - 1, STYLE_DIM, model);
}

const struct pane head_pane = {.at = LAYOUT_HEAD, .place = PLACE_COMPOSER, .draw = draw_head};
