/* Settings: drawing and moving. */
#include <config.h>

#include "ui/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/candidates.h"
#include "ui/text.h"

enum { NAME = 20, VALUE = 9 };

struct setting { char *name, *value, *help, *source; double position; };

struct settings {
    struct setting *at;
    size_t n, focus;
    struct candidates candidates;
    char *summary;
    struct area sliders; /* where they stood last */
};

struct settings *settings_new(void)
{
    return calloc(1, sizeof(struct settings));
}

static void clear(struct settings *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->at[i].name);
        free(p->at[i].value);
        free(p->at[i].help);
        free(p->at[i].source);
    }
    free(p->at);
    p->at = NULL;
    p->n = 0;
}

void settings_free(struct settings *p)
{
    if (p == NULL)
        return;
    clear(p);
    candidates_free(&p->candidates);
    free(p->summary);
    free(p);
}

bool settings_set(struct settings *p, const struct ui_setting *list, size_t n)
{
    clear(p);
    p->at = calloc(n + 1, sizeof *p->at);
    for (; p->at != NULL && p->n < n; p->n++) {
        const struct ui_setting *from = &list[p->n];
        p->at[p->n] = (struct setting){candidates_copy(from->name), candidates_copy(from->value), candidates_copy(from->help), candidates_copy(from->source),
                                       from->position};
    }
    if (p->focus >= p->n)
        p->focus = 0;
    return p->at != NULL;
}

bool settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary)
{
    candidates_set(&p->candidates, list, n);
    free(p->summary);
    p->summary = candidates_copy(summary);
    return true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_setting(const struct settings *p, struct screen *s, const struct area *a, int row, size_t i, bool focus)
{
    const struct setting *from = &p->at[i];
    bool selected = focus && i == p->focus;
    unsigned style = selected ? STYLE_SELECTED : STYLE_TEXT;
    struct area name = {a->y, a->x, a->rows, a->columns < NAME ? a->columns : NAME};
    screen_blank(s, a, row, 0, a->columns, style);
    screen_puts(s, &name, row, 0, style, from->name);
    bool off = from->value != NULL && strcmp(from->value, "Off") == 0;
    screen_puts(s, a, row, NAME, off && !selected ? STYLE_DIM : style, from->value != NULL ? from->value : "");
    int width = a->columns - NAME - VALUE;
    if (from->position >= 0 && width > 2)
        candidates_bar(s, a, row, NAME + VALUE, width, from->position);
}

/* What the setting in focus does, and where its value comes from. Returns the next row. */
static int draw_help(const struct settings *p, struct screen *s, const struct area *a, int row)
{
    const struct setting *from = &p->at[p->focus];
    const char *text = from->help != NULL ? from->help : "";
    size_t size = strlen(text), end;
    for (size_t at = 0; at < size; row++) {
        size_t next = text_wrap(text + at, size - at, a->columns, &end);
        screen_text(s, a, row, 0, STYLE_DIM, text + at, end);
        at += next;
    }
    if (from->source != NULL)
        screen_printf(s, a, row++, 0, STYLE_DIM, "from: %s", from->source);
    return row + 1;
}

void settings_draw(struct settings *p, struct screen *s, const struct area *a, bool focus)
{
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    int row = 0;
    for (int i = 0; i < inner.rows; i++)
        screen_blank(s, &inner, i, 0, inner.columns, STYLE_TEXT);
    screen_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, "Settings");
    p->sliders = inner;
    for (size_t i = 0; i < p->n; i++)
        draw_setting(p, s, &inner, row++, i, focus);
    if (p->n > 0)
        row = draw_help(p, s, &inner, row + 1);
    if (p->candidates.n > 0)
        screen_puts(s, &inner, row++, 0, STYLE_TITLE, "Next token: % model, % settings");
    if (p->summary != NULL)
        screen_puts(s, &inner, row++, 0, STYLE_DIM, p->summary);
    candidates_draw(&p->candidates, s, &inner, row, p->candidates.n);
}

/* ---- moving ----------------------------------------------------------------------------------------------------- */

void settings_move(struct settings *p, int step)
{
    if (p->n > 0)
        p->focus = step > 0 ? (p->focus + 1) % p->n : (p->focus + p->n - 1) % p->n;
}

const char *settings_name(const struct settings *p)
{
    return p->n > 0 ? p->at[p->focus].name : NULL;
}

bool settings_at(struct settings *p, int row, int column, double *position)
{
    if (row < 1 || (size_t)(row - 1) >= p->n)
        return false;
    int width = p->sliders.columns - NAME - VALUE, x = column - 1 - NAME - VALUE;
    p->focus = (size_t)(row - 1);
    *position = width > 0 && x >= 0 && x < width && p->at[p->focus].position >= 0 ? (double)(x + 0.5) / width : -1;
    return true;
}
