/* Lens: what is known of a token, and its alternatives. */
#include <config.h>

#include "ui/panes/lens.h"

#include <stdlib.h>
#include <string.h>

#include "ui/panes/candidates.h"
#include "ui/text/text.h"

/* Rows below which there is no room for more than the candidates. */
enum { ROWS_SHORT = 12 };

/* One token. */
struct look {
    bool any; /* false: there is none */
    char *text, *facts, *settings;
    struct candidates candidates;
    size_t chosen; /* the selected alternative */
};

struct lens {
    struct look token, next; /* under the cursor; to come */
    bool at_next;            /* next is shown */
    bool stale;              /* see lens_take_stale */
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
    lens_set_next(l, NULL);
    free(l);
}

static void set_look(struct look *k, const struct ui_token_details *d)
{
    free(k->text);
    free(k->facts);
    free(k->settings);
    k->any = d != NULL;
    k->text = d != NULL ? text_clean_line(d->text) : NULL;
    k->facts = d != NULL && d->facts != NULL ? strdup(d->facts) : NULL;
    k->settings = d != NULL ? text_clean_line(d->settings) : NULL;
    candidates_set(&k->candidates, d != NULL ? d->candidates : NULL, d != NULL ? d->n_candidates : 0);
    k->chosen = 0;
    for (size_t i = 0; i < k->candidates.n; i++)
        if (k->candidates.at[i].chosen)
            k->chosen = i;
}

void lens_set(struct lens *l, const struct ui_token_details *d)
{
    set_look(&l->token, d);
}

void lens_set_next(struct lens *l, const struct ui_token_details *d)
{
    set_look(&l->next, d);
    l->at_next = d != NULL;
    l->stale = d == NULL;
}

bool lens_take_stale(struct lens *l)
{
    bool stale = l->stale;
    l->stale = false;
    return stale;
}

bool lens_has_next(const struct lens *l)
{
    return l->next.any;
}

bool lens_is_next(const struct lens *l)
{
    return l->at_next;
}

void lens_go_next(struct lens *l, bool there)
{
    l->at_next = there && l->next.any;
}

static struct look *shown(struct lens *l)
{
    return l->at_next ? &l->next : &l->token;
}

/* Wrapped text; returns the next row. */
static int draw_text(struct canvas *s, const struct area *a, int row, unsigned style, const char *text)
{
    size_t size = strlen(text), end;
    for (size_t at = 0; at < size; row++) {
        size_t next = text_wrap(text + at, size - at, a->columns, &end);
        canvas_text(s, a, row, 0, style, text + at, end);
        at += next;
    }
    return row;
}

/* What the colours of tokens mean. */
static int draw_legend(struct canvas *s, const struct area *a, int row)
{
    static const struct {
        unsigned style;
        const char *word;
    } shades[] = {{STYLE_LENS_7, "expected"},
                  {STYLE_LENS_0 + 5, "likely"},
                  {STYLE_LENS_0 + 3, "possible"},
                  {STYLE_LENS_0, "surprising"}};
    int column = 0;
    for (size_t i = 0; i < sizeof shades / sizeof *shades; i++)
        column = canvas_puts(s, a, row, column, shades[i].style, shades[i].word) + 1;
    return row + 1;
}

/* How many rows draw_text needs. */
static int text_rows(const char *text, int columns)
{
    size_t size = strlen(text), end;
    int rows = 0;
    for (size_t at = 0; at < size; rows++)
        at += text_wrap(text + at, size - at, columns, &end);
    return rows;
}

/* The rows that candidates may take, so that there is room for what follows them; three at least. */
static int candidate_rows(const struct look *k, const struct area *inner, int row, const char *help)
{
    int below = 3 + text_rows(help, inner->columns); /* a blank, the legend, a blank */
    below += k->settings != NULL ? text_rows(k->settings, inner->columns) + 1 : 0;
    int most = inner->rows - row - below;
    return most > 3 ? most : 3;
}

/* Where there is little room the candidates have it all: they are what keys act on. */
static void draw_short(const struct lens *l, const struct look *k, struct canvas *s, const struct area *a, bool focus)
{
    int row = draw_text(s, a, 0, STYLE_CHOSEN, k->text != NULL ? k->text : "");
    canvas_puts(s, a, row++, 0, STYLE_DIM, l->at_next ? "can be       model after" : "             model after");
    row = candidates_draw(&k->candidates, s, a, row, focus ? k->chosen : k->candidates.n);
    if (k->facts != NULL)
        draw_text(s, a, row, STYLE_TEXT, k->facts);
}

static void draw_lens(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct lens *l = pane;
    static const char help[] = "← → token, ↑ ↓ alternative, Enter continues with it instead, Space draws again, w own "
                               "words, Esc leaves";
    static const char next_help[] = "→ draws a token, ↑ ↓ Enter take one, w own words, ← looks back, g continues "
                                    "without steps, Esc stops";
    const struct look *k = shown(l);
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    int row = 0;
    for (int i = 0; i < inner.rows; i++)
        canvas_blank(s, &inner, i, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, l->at_next ? "Next token" : "Lens");
    if (!k->any) {
        draw_text(s, &inner, 0, STYLE_DIM, "No token here: ← → move inside an answer that has a record of its tokens.");
        return;
    }
    if (inner.rows < ROWS_SHORT) {
        draw_short(l, k, s, &inner, focus);
        return;
    }
    row = draw_text(s, &inner, row, STYLE_CHOSEN, k->text != NULL ? k->text : "");
    if (k->facts != NULL)
        row = draw_text(s, &inner, row, STYLE_TEXT, k->facts) + 1;
    canvas_puts(s, &inner, row++, 0, STYLE_TITLE, l->at_next ? "Can be" : "Could have been");
    canvas_puts(s, &inner, row++, 0, STYLE_DIM, "             model after");
    struct area list = inner;
    list.rows = row + candidate_rows(k, &inner, row, l->at_next ? next_help : help);
    row = candidates_draw(&k->candidates, s, &list, row, focus ? k->chosen : k->candidates.n) + 1;
    if (k->settings != NULL)
        row = draw_text(s, &inner, row, STYLE_DIM, k->settings) + 1;
    row = draw_legend(s, &inner, row) + 1;
    draw_text(s, &inner, row, STYLE_DIM, l->at_next ? next_help : help);
}

void lens_choose(struct lens *l, int step)
{
    struct look *k = shown(l);
    if (k->candidates.n > 0)
        k->chosen = step > 0 ? (k->chosen + 1) % k->candidates.n : (k->chosen + k->candidates.n - 1) % k->candidates.n;
}

size_t lens_chosen(const struct lens *l)
{
    return l->at_next ? l->next.chosen : l->token.chosen;
}

static struct pane_reaction lens_key(void *pane, const struct key *key, bool busy)
{
    return pane_leave(key, busy, lens_has_next(pane), "lens"); /* which closes it */
}

static struct pane_reaction lens_mouse(void *pane, const struct area *a, const struct key *key)
{
    (void)pane, (void)a, (void)key;
    return pane_taken();
}

const struct pane lens_pane = {
    .at = LAYOUT_SIDE,
    .place = PLACE_LENS,
    .folds = true,
    .hints = {{"keys", "keys"},
              {"lens-fork", "goes on with it"},
              {"lens-words", "own words"},
              {"lens-draw", "draw again"},
              {"/step", "steps"}},
    .draw = draw_lens,
    .key = lens_key,
    .mouse = lens_mouse,
};
