/* Head: a title at the left, a model at the right, of which parts are left out so that the title is whole. */
#include <config.h>

#include "ui/panes/head.h"

#include <stdlib.h>
#include <string.h>

#include "ui/text/text.h"

#define GAP " · "
enum { GAP_COLUMNS = 3, PARTS_MOST = 16 };
enum { LEAST_TITLE = 10 }; /* columns; a title is shortened to so many before the last part is left out */

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

/* The parts of the text about the model, which are between dots. */
struct part {
    const char *text;
    size_t size;
    bool shown;
};

static size_t split_parts(const char *text, struct part *parts)
{
    size_t n = 0;
    for (const char *end; *text != '\0' && n < PARTS_MOST; text = *end != '\0' ? end + strlen(GAP) : end) {
        end = n + 1 < PARTS_MOST ? strstr(text, GAP) : NULL;
        end = end != NULL ? end : text + strlen(text);
        parts[n++] = (struct part){text, (size_t)(end - text), true};
    }
    return n;
}

static int parts_width(const struct part *parts, size_t n)
{
    int width = 0;
    for (size_t i = 0; i < n; i++)
        if (parts[i].shown)
            width += text_columns(parts[i].text, parts[i].size, 0) + (width > 0 ? GAP_COLUMNS : 0);
    return width;
}

/* Leaves parts out until they fit into width: those in the middle first, then the model's name. The last one stays as
 * long as it fits into most. */
static void fit_parts(struct part *parts, size_t n, int width, int most)
{
    for (size_t i = 1; i < n && parts_width(parts, n) > width; i++)
        parts[i + 1 < n ? i : 0].shown = false;
    if (n > 0 && parts_width(parts, n) > (n > 1 ? most : width))
        parts[n - 1].shown = false;
}

static void draw_head(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    const struct head *h = pane;
    const char *title = h->title != NULL ? h->title : "";
    struct part parts[PARTS_MOST];
    int left = text_columns(title, strlen(title), 0), least = left < LEAST_TITLE ? left : LEAST_TITLE;
    size_t n = split_parts(h->model != NULL ? h->model : "", parts);
    (void)focus;
    fit_parts(parts, n, a->columns - left - 4, a->columns - least - 4);
    int width = parts_width(parts, n), column = a->columns - width - 1;
    struct area place = {a->y, a->x, 1, width > 0 ? column - 2 : a->columns - 1};
    canvas_fit(s, &place, 0, 1, STYLE_TITLE, title);
    for (size_t i = 0, drawn = 0; i < n; i++) {
        if (!parts[i].shown)
            continue;
        if (drawn++ > 0)
            column = canvas_puts(s, a, 0, column, STYLE_DIM, GAP);
        column = canvas_text(s, a, 0, column, STYLE_DIM, parts[i].text, parts[i].size);
    }
}

const struct pane head_pane = {.at = LAYOUT_HEAD, .place = PLACE_COMPOSER, .draw = draw_head};
