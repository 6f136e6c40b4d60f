/* Entry: what the composer's keys come to, and drawing it. */
#include <config.h>

#include "ui/panes/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/panes/composer.h"
#include "ui/panes/marked.h"
#include "ui/text/text.h"

enum { TEXT_MOST = 64 << 20 };

struct entry {
    struct composer *composer;
    char *label, *mode; /* NULL: nothing is said */
    bool base;          /* what is typed goes on in a base model's text */
    int first_line;     /* shown, when the text is taller than the pane */
    size_t word_start;  /* of the word being completed */
    struct {
        char *about, *text; /* cleaned; NULL: out of memory */
    } queued[UI_QUEUED_MOST];
    int n_queued;
    char *aside;  /* what was being typed before something else had to be; NULL: nothing */
    bool stopped; /* Ctrl-C has just stopped an answer: pressed twice it must not clear what is typed */
};

struct entry *entry_open(struct error *err)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    e->composer = composer_open("palaver", err);
    if (e->composer == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

static void clear_queued(struct entry *e)
{
    for (; e->n_queued > 0; e->n_queued--) {
        free(e->queued[e->n_queued - 1].about);
        free(e->queued[e->n_queued - 1].text);
    }
}

void entry_free(struct entry *e)
{
    if (e == NULL)
        return;
    clear_queued(e);
    composer_free(e->composer);
    free(e->label);
    free(e->mode);
    free(e->aside);
    free(e);
}

const char *entry_text(const struct entry *e, size_t *size, size_t *cursor)
{
    return composer_text(e->composer, size, cursor);
}

const char *entry_unsent(const struct entry *e, size_t *size, size_t *cursor)
{
    if (e->aside == NULL)
        return entry_text(e, size, cursor);
    *size = strlen(e->aside);
    if (cursor != NULL)
        *cursor = *size;
    return e->aside;
}

/* What was set aside is then found among what was typed before. */
void entry_set_text(struct entry *e, const char *text, size_t size)
{
    if (e->aside != NULL)
        composer_remember(e->composer, e->aside);
    free(e->aside);
    e->aside = NULL;
    composer_set(e->composer, text, size);
}

void entry_borrow(struct entry *e, const char *text, size_t size)
{
    size_t typed;
    const char *now = composer_text(e->composer, &typed, NULL);
    if (e->aside == NULL && typed > 0)
        e->aside = strdup(now);
    else if (typed > 0)
        composer_remember(e->composer, now);
    composer_set(e->composer, text, size);
}

/* Empties the composer, or brings back what was set aside. */
static void give_back(struct entry *e)
{
    const char *text = e->aside != NULL ? e->aside : "";
    composer_set(e->composer, text, strlen(text));
    free(e->aside);
    e->aside = NULL;
}

void entry_set_base(struct entry *e, bool base)
{
    e->base = base;
}

void entry_set_label(struct entry *e, const char *label, const char *mode)
{
    free(e->label);
    free(e->mode);
    e->label = text_clean_line(label);
    e->mode = text_clean_line(mode);
}

void entry_set_queued(struct entry *e, const struct ui_queued *rows, size_t n)
{
    clear_queued(e);
    for (size_t i = 0; i < n && i < UI_QUEUED_MOST; i++, e->n_queued++) {
        e->queued[i].about = text_clean_line(rows[i].about);
        e->queued[i].text = text_clean_line(rows[i].text);
    }
}

void entry_remember(struct entry *e, const char *text)
{
    composer_remember(e->composer, text);
}

int entry_lines(const struct entry *e, int columns)
{
    return composer_lines(e->composer, columns) + e->n_queued;
}

void entry_begin_word(struct entry *e, size_t start)
{
    e->word_start = start;
}

void entry_put_word(struct entry *e, const char *word, size_t size, bool whole)
{
    size_t total, cursor;
    composer_text(e->composer, &total, &cursor);
    composer_insert(e->composer, word, size, cursor > e->word_start ? cursor - e->word_start : 0);
    if (whole && (size == 0 || word[size - 1] != '/'))
        composer_insert(e->composer, " ", 1, 0);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static struct pane_reaction interrupt_entry(struct entry *e, bool busy)
{
    size_t size;
    const char *text = composer_text(e->composer, &size, NULL);
    const bool again = e->stopped;
    e->stopped = busy;
    if (busy)
        return pane_tell(UI_STOP);
    if (size == 0)
        return pane_tell(UI_INTERRUPT);
    if (again)
        return pane_tell(UI_SPARED);
    composer_remember(e->composer, text);
    give_back(e);
    return pane_tell(UI_CLEARED);
}

static struct pane_reaction leave_entry(const struct entry *e, bool busy)
{
    if (busy)
        return pane_tell(UI_STOP);
    return e->mode != NULL ? pane_tell(UI_LEAVE_EDIT) : pane_run("transcript");
}

struct pane_reaction entry_send(struct entry *e)
{
    size_t size;
    const char *text = composer_text(e->composer, &size, NULL);
    struct pane_reaction r = pane_tell_text(UI_SEND, text, size);
    if (r.text == NULL)
        return r;
    composer_remember(e->composer, r.text);
    give_back(e);
    return r;
}

/* End at the end of the text shows the end of the transcript. */
static struct pane_reaction entry_key(void *pane, const struct key *key, bool busy)
{
    struct entry *e = pane;
    size_t size, cursor;
    composer_text(e->composer, &size, &cursor);
    bool at_end = key->code == KEYS_END && cursor == size;
    const enum composer_result result = composer_key(e->composer, key);
    e->stopped &= result == COMPOSER_INTERRUPT;
    switch (result) {
    case COMPOSER_UNUSED: return (struct pane_reaction){.does = PANE_UNUSED};
    case COMPOSER_EDITED: return at_end ? pane_run("end") : pane_tell(UI_EDITED);
    case COMPOSER_SEND: return entry_send(e);
    case COMPOSER_COMPLETE: return pane_tell(UI_COMPLETE);
    case COMPOSER_EDITOR: return pane_tell(UI_EDITOR);
    case COMPOSER_ESCAPE: return leave_entry(e, busy);
    case COMPOSER_INTERRUPT: return interrupt_entry(e, busy);
    case COMPOSER_END: return pane_tell(UI_QUIT);
    }
    return pane_taken();
}

/* Rows above the frame, as many as leave one for what is typed. */
static int rows_above(const struct entry *e, const struct area *a)
{
    int most = a->rows > 3 ? a->rows - 3 : 0;
    return e->n_queued < most ? e->n_queued : most;
}

static struct area framed(const struct entry *e, const struct area *a)
{
    int above = rows_above(e, a);
    return (struct area){a->y + above, a->x, a->rows - above, a->columns};
}

static struct area inside(const struct entry *e, const struct area *a)
{
    struct area f = framed(e, a);
    return (struct area){f.y + 1, f.x + 1, f.rows - 2, f.columns - 2};
}

static struct pane_reaction entry_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct entry *e = pane;
    struct area inner = inside(e, a);
    int row = key->mouse.y - inner.y, column = key->mouse.x - inner.x;
    struct pane_reaction r = {.does = PANE_UNUSED};
    if (key->mouse.kind != MOUSE_PRESS || row < 0 || column < 0)
        return r;
    composer_move(e->composer, composer_offset(e->composer, inner.columns, row + e->first_line, column));
    r = pane_taken();
    r.takes_focus = true;
    return r;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_line(struct canvas *s, const struct area *a, int row, const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, TEXT_MOST);
    if (text_clean(text, size, &clean, NULL))
        canvas_text(s, a, row, 0, STYLE_COMPOSER, buf_text(&clean), clean.size);
    buf_free(&clean);
}

/* Returns the column after it. */
static int draw_label(struct canvas *s, const struct area *top, int column, unsigned style, const char *text)
{
    column = canvas_puts(s, top, 0, column, style, " ");
    column = marked_draw(s, top, 0, column, top->columns - column - 1, style, text, NULL);
    return canvas_puts(s, top, 0, column, style, " ");
}

static void draw_frame(const struct entry *e, struct canvas *s, const struct area *a, bool focus)
{
    struct area top = {a->y, a->x + 2, 1, a->columns - 4};
    canvas_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, NULL);
    int column = 0;
    if (e->mode != NULL)
        column = draw_label(s, &top, 0, STYLE_MARK, e->mode);
    if (e->label != NULL)
        draw_label(s, &top, column, STYLE_DIM, e->label);
}

static void draw_queued(const struct entry *e, struct canvas *s, const struct area *a)
{
    for (int i = 0; i < rows_above(e, a); i++) {
        const char *about = e->queued[i].about, *text = e->queued[i].text;
        canvas_blank(s, a, i, 0, a->columns, STYLE_TEXT);
        int column = canvas_printf(s, a, i, 1, STYLE_MARK, "%s  ", about != NULL ? about : "");
        marked_draw(s, a, i, column, a->columns - column - 1, STYLE_DIM, text != NULL ? text : "", NULL);
    }
}

static void draw_entry(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct entry *e = pane;
    struct area inner = inside(e, a);
    int line, column;
    size_t size, start, end;
    const char *text = composer_shown(e->composer, &size);
    struct area frame = framed(e, a);
    draw_queued(e, s, a);
    draw_frame(e, s, &frame, focus);
    composer_cursor(e->composer, inner.columns, &line, &column);
    int last = composer_lines(e->composer, inner.columns) - inner.rows; /* no rows stay empty below the text */
    if (e->first_line > last)
        e->first_line = last > 0 ? last : 0;
    if (line < e->first_line)
        e->first_line = line;
    if (line >= e->first_line + inner.rows)
        e->first_line = line - inner.rows + 1;
    if (size == 0)
        canvas_puts(s, &inner, 0, 1, STYLE_HINT,
                    e->base ? "Write on; / for commands" : "Write a message; / for commands");
    for (int row = 0; row < inner.rows; row++)
        if (composer_line(e->composer, inner.columns, e->first_line + row, &start, &end))
            draw_line(s, &inner, row, text + start, end - start);
}

static void put_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct entry *e = pane;
    struct area inner = inside(e, a);
    int line, column;
    if (!focus)
        return;
    composer_cursor(e->composer, inner.columns, &line, &column);
    *y = inner.y + line - e->first_line;
    *x = inner.x + (column < inner.columns ? column : inner.columns - 1);
}

const struct pane entry_pane = {
    .at = LAYOUT_COMPOSER,
    .place = PLACE_COMPOSER,
    .hints = {{"keys", "keys"}, {"palette", "palette"}, {"settings", "settings"}, {"lens", "lens"}, {"list", "chats"}},
    .draw = draw_entry,
    .cursor = put_cursor,
    .key = entry_key,
    .mouse = entry_mouse,
};
