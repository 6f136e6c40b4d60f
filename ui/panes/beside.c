/* Beside: a transcript of its own in a frame, with a line below it for further questions. */
#include <config.h>

#include "ui/panes/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/panes/field.h"
#include "ui/panes/marked.h"
#include "ui/panes/messages.h"
#include "ui/panes/selection.h"
#include "ui/panes/transcript.h"
#include "ui/panes/view.h"
#include "ui/ui.h"

/* Columns of the frame at most, and what is left beside it where there is more room. */
enum { WIDEST = 104, BESIDE = 6 };

static const char TITLE[] = "By the way · leaves no trace", PROMPT[] = "› ";
enum { PROMPT_COLUMNS = 2 };

struct beside {
    struct transcript *transcript; /* questions and answers in turns */
    struct field field;            /* another question; open while it is typed */
    bool running;                  /* the last answer has not ended */
    int reading;                   /* percent of the question that the model has read; -1: it does not read */
};

struct beside *beside_new(void)
{
    struct beside *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->transcript = transcript_new();
    if (v->transcript != NULL)
        return v;
    free(v);
    return NULL;
}

void beside_free(struct beside *v)
{
    if (v == NULL)
        return;
    transcript_free(v->transcript);
    free(v);
}

/* ---- what it shows ---------------------------------------------------------------------------------------------- */

void beside_ask(struct beside *v, const char *question, bool think)
{
    struct messages *m = transcript_messages(v->transcript);
    messages_add(m, &(struct ui_message){.speaker = UI_YOU, .text = question, .size = strlen(question)});
    messages_add(m, &(struct ui_message){.speaker = UI_MODEL, .running = true, .text = ""});
    transcript_set_think(v->transcript, think);
    view_end(transcript_view(v->transcript));
    v->field.open = false;
    v->running = true;
    v->reading = -1;
}

/* The index of the last answer; false when there is none. */
static bool find_last(const struct beside *v, size_t *index)
{
    const size_t n = messages_count(transcript_messages(v->transcript));
    *index = n - 1;
    return n > 0;
}

void beside_grow(struct beside *v, const char *text, size_t size)
{
    size_t last;
    if (find_last(v, &last))
        messages_grow(transcript_messages(v->transcript), last, text, size);
}

bool beside_read(struct beside *v, int percent)
{
    const bool changed = v->reading != percent;
    v->reading = percent;
    return changed;
}

void beside_end(struct beside *v, const char *about)
{
    size_t last;
    if (find_last(v, &last))
        messages_change(transcript_messages(v->transcript), last,
                        &(struct ui_message){.speaker = UI_MODEL, .about = about});
    v->running = false;
}

void beside_clear(struct beside *v)
{
    transcript_cut(v->transcript, 0);
    v->field = (struct field){0};
    v->running = false;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static struct area frame_of(const struct area *a)
{
    const int room = a->columns > 60 ? a->columns - BESIDE : a->columns;
    const int columns = room < WIDEST ? room : WIDEST, rows = a->rows > 16 ? a->rows - 4 : a->rows;
    return (struct area){a->y + (a->rows - rows) / 2, a->x + (a->columns - columns) / 2, rows, columns};
}

/* Where the questions and answers stand. */
static struct area text_of(const struct beside *v, const struct area *frame)
{
    return (struct area){frame->y + 1, frame->x + 1, frame->rows - 2 - v->field.open, frame->columns - 2};
}

static struct area field_of(const struct area *frame)
{
    return (struct area){frame->y + frame->rows - 2, frame->x + 2, 1, frame->columns - 4};
}

static void write_hint(const struct beside *v, char *out, size_t size)
{
    if (v->field.open)
        snprintf(out, size, " Enter asks, Esc leaves the line ");
    else if (!v->running)
        snprintf(out, size, " Esc closes, Enter asks more, y copies ");
    else if (v->reading >= 0)
        snprintf(out, size, " reading the question %d%% · Esc stops ", v->reading);
    else
        snprintf(out, size, " Esc stops ");
}

static void draw_beside(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct beside *v = pane;
    const struct area frame = frame_of(a), text = text_of(v, &frame), field = field_of(&frame);
    const struct area bottom = {frame.y + frame.rows - 1, frame.x + 2, 1, frame.columns - 4};
    char hint[64];
    (void)focus;
    write_hint(v, hint, sizeof hint);
    for (int row = 1; row < frame.rows - 1; row++)
        canvas_blank(s, &frame, row, 1, frame.columns - 2, STYLE_TEXT);
    canvas_box(s, &frame, STYLE_BORDER_FOCUS, TITLE);
    transcript_pane.draw(v->transcript, s, &text, false);
    if (v->field.open) {
        canvas_puts(s, &field, 0, 0, STYLE_KEY, canvas_is_ascii(s) ? "> " : PROMPT);
        field_draw(&v->field, s, &field, 0, PROMPT_COLUMNS);
    }
    marked_draw(s, &bottom, 0, 0, bottom.columns, STYLE_DIM, hint, NULL);
}

static void put_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct beside *v = pane;
    const struct area frame = frame_of(a), field = field_of(&frame);
    (void)focus;
    *y = -1;
    if (!v->field.open)
        return;
    *y = field.y;
    *x = field.x + field_cursor(&v->field, &field, PROMPT_COLUMNS);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* The selected text, if there is some, else the last answer. */
static struct pane_reaction copy_text(struct beside *v)
{
    size_t last;
    char *selected = selection_text(transcript_selection(v->transcript));
    if (selected == NULL && !find_last(v, &last))
        return pane_taken();
    const struct buf *answer = selected != NULL ? NULL : &messages_at(transcript_messages(v->transcript), last)->text;
    struct pane_reaction r = selected != NULL ? pane_tell_text(UI_COPY, selected, strlen(selected))
                                              : pane_tell_text(UI_COPY, buf_text(answer), answer->size);
    r.action.what = selected != NULL ? "selection" : "answer";
    free(selected);
    return r;
}

/* Another question is typed from here on; what was pasted is its beginning. It may be asked when the answer has ended. */
static void open_field(struct beside *v, const struct key *key)
{
    field_open(&v->field, "");
    if (key->code == KEYS_PASTE)
        field_key(&v->field, key);
}

static struct pane_reaction take_field_key(struct beside *v, const struct key *key)
{
    const enum field_result result = field_key(&v->field, key);
    if (result == FIELD_LEFT)
        v->field.open = false;
    if (result == FIELD_DONE && v->field.text[strspn(v->field.text, " ")] != '\0')
        return pane_tell_text(UI_BESIDE_ASK, v->field.text, v->field.size);
    return pane_taken();
}

static bool take_scrolling(struct beside *v, const struct key *key)
{
    struct view *view = transcript_view(v->transcript);
    if (key->code == KEYS_DOWN || pane_key_is_letter(key, L'j'))
        view_scroll(view, 1);
    else if (key->code == KEYS_UP || pane_key_is_letter(key, L'k'))
        view_scroll(view, -1);
    else if (key->code == KEYS_PAGE_DOWN || pane_key_is_letter(key, L' '))
        view_page(view, 2);
    else if (key->code == KEYS_PAGE_UP)
        view_page(view, -2);
    else if (key->code == KEYS_HOME || pane_key_is_letter(key, L'g'))
        view_home(view);
    else if (key->code == KEYS_END || pane_key_is_letter(key, L'G'))
        view_end(view);
    else
        return false;
    return true;
}

static struct pane_reaction beside_key(void *pane, const struct key *key)
{
    struct beside *v = pane;
    if (v->field.open)
        return take_field_key(v, key);
    if (key->code == KEYS_ESCAPE || pane_key_is_ctrl(key, L'c') || (!v->running && pane_key_is_letter(key, L'q')))
        return pane_tell(UI_BESIDE_LEAVE);
    if (pane_key_is_letter(key, L'y'))
        return copy_text(v);
    selection_clear(transcript_selection(v->transcript));
    if (key->code == KEYS_ENTER || key->code == KEYS_PASTE)
        open_field(v, key);
    else
        take_scrolling(v, key);
    return pane_taken();
}

/* Text is selected here as in the conversation. */
static struct pane_reaction beside_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct beside *v = pane;
    const struct area frame = frame_of(a), text = text_of(v, &frame);
    struct pane_reaction r = transcript_pane.mouse(v->transcript, &text, key);
    r.takes_focus = false;
    if (r.does == PANE_UNUSED)
        r.does = PANE_TAKEN;
    return r;
}

const struct pane beside_pane = {
    .at = LAYOUT_ALL,
    .place = PLACE_COMPOSER,
    .modal = true,
    .draw = draw_beside,
    .cursor = put_cursor,
    .first_key = beside_key,
    .mouse = beside_mouse,
};
