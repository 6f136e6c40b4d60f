/* Settings: drawing and moving. */
#include <config.h>

#include "ui/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/text.h"

enum { NAME = 20, VALUE = 9, CANDIDATES = 12, WORD = 12 };

struct setting { char *name, *value, *help, *source; double position; };
struct shown { char *text, *removed_by; float before, after; bool chosen; };

struct settings {
    struct setting *at;
    size_t n, focus;
    struct shown candidates[CANDIDATES];
    size_t n_candidates;
    char *summary;
    struct area sliders; /* where they stood last */
};

struct settings *settings_new(void)
{
    return calloc(1, sizeof(struct settings));
}

static char *copy(const char *text)
{
    struct buf out;
    buf_init(&out, 4096);
    if (text == NULL)
        return NULL;
    text_clean(text, strlen(text), &out, NULL);
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n' || out.data[i] == '\t')
            out.data[i] = ' ';
    return buf_take(&out);
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

static void clear_candidates(struct settings *p)
{
    for (size_t i = 0; i < p->n_candidates; i++) {
        free(p->candidates[i].text);
        free(p->candidates[i].removed_by);
    }
    p->n_candidates = 0;
    free(p->summary);
    p->summary = NULL;
}

void settings_free(struct settings *p)
{
    if (p == NULL)
        return;
    clear(p);
    clear_candidates(p);
    free(p);
}

bool settings_set(struct settings *p, const struct ui_setting *list, size_t n)
{
    clear(p);
    p->at = calloc(n + 1, sizeof *p->at);
    for (; p->at != NULL && p->n < n; p->n++) {
        const struct ui_setting *from = &list[p->n];
        p->at[p->n] = (struct setting){copy(from->name), copy(from->value), copy(from->help), copy(from->source),
                                       from->position};
    }
    if (p->focus >= p->n)
        p->focus = 0;
    return p->at != NULL;
}

bool settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary)
{
    clear_candidates(p);
    for (; p->n_candidates < n && p->n_candidates < CANDIDATES; p->n_candidates++) {
        const struct ui_candidate *from = &list[p->n_candidates];
        p->candidates[p->n_candidates] =
            (struct shown){copy(from->text), copy(from->removed_by), from->before, from->after, from->chosen};
    }
    p->summary = copy(summary);
    return true;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* A bar of width columns, filled to a part. */
static void draw_bar(struct screen *s, const struct area *a, int row, int column, int width, double part)
{
    bool ascii = screen_is_ascii(s);
    int filled = (int)(part * width + 0.5);
    for (int i = 0; i < width; i++)
        screen_puts(s, a, row, column + i, i < filled ? STYLE_BAR : STYLE_BAR_EMPTY,
                    i < filled ? ascii ? "#" : "▓" : ascii ? "." : "░");
}

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
        draw_bar(s, a, row, NAME + VALUE, width, from->position);
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

/* One candidate: its text, what the model gave it and what the settings made of that. */
static void draw_candidate(const struct settings *p, struct screen *s, const struct area *a, int row, size_t i)
{
    const struct shown *c = &p->candidates[i];
    unsigned style = c->removed_by != NULL ? STYLE_REMOVED : c->chosen ? STYLE_CHOSEN : STYLE_TEXT;
    struct area word = {a->y, a->x, a->rows, a->columns < WORD ? a->columns : WORD};
    screen_puts(s, &word, row, 0, style, c->text != NULL ? c->text : "");
    int column = screen_printf(s, a, row, WORD + 1, style, "%5.1f", (double)c->before * 100);
    if (c->removed_by != NULL) {
        screen_puts(s, a, row, column + 1, STYLE_REMOVED, c->removed_by);
        return;
    }
    column = screen_printf(s, a, row, column + 1, style, "%5.1f", (double)c->after * 100);
    if (a->columns - column > 3)
        draw_bar(s, a, row, column + 1, a->columns - column - 1, c->after);
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
    if (p->n_candidates > 0)
        screen_puts(s, &inner, row++, 0, STYLE_TITLE, "Next token");
    if (p->summary != NULL)
        screen_puts(s, &inner, row++, 0, STYLE_DIM, p->summary);
    for (size_t i = 0; i < p->n_candidates; i++)
        draw_candidate(p, s, &inner, row++, i);
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
