/* Transcript: what concerns several of its parts, and its keys and mouse. */
#include <config.h>

#include "ui/panes/transcript.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/panes/transcript-internal.h"
#include "ui/text/render.h"

struct transcript *transcript_new(void)
{
    struct transcript *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->messages = messages_new();
    t->lines = message_lines_new(t->messages);
    t->view = view_new(t->messages, t->lines);
    t->matches = matches_new();
    t->lens = lens_cursor_new(t->messages);
    t->selection = selection_new(t->messages, t->lines, t->view, TRANSCRIPT_INDENT);
    t->welcome = welcome_new();
    if (t->messages != NULL && t->lines != NULL && t->view != NULL && t->matches != NULL && t->lens != NULL &&
        t->selection != NULL && t->welcome != NULL)
        return t;
    transcript_free(t);
    return NULL;
}

void transcript_free(struct transcript *t)
{
    if (t == NULL)
        return;
    welcome_free(t->welcome);
    selection_free(t->selection);
    lens_cursor_free(t->lens);
    matches_free(t->matches);
    view_free(t->view);
    message_lines_free(t->lines);
    messages_free(t->messages);
    free(t);
}

struct messages *transcript_messages(struct transcript *t)
{
    return t->messages;
}

struct view *transcript_view(struct transcript *t)
{
    return t->view;
}

struct lens_cursor *transcript_lens(struct transcript *t)
{
    return t->lens;
}

struct selection *transcript_selection(struct transcript *t)
{
    return t->selection;
}

void transcript_cut(struct transcript *t, size_t from)
{
    messages_cut(t->messages, from);
    message_lines_cut(t->lines, from);
    view_cut(t->view);
    selection_clear(t->selection);
    matches_set(t->matches, NULL, 0);
}

/* ---- looks ------------------------------------------------------------------------------------------------------ */

void transcript_set_window(struct transcript *t, size_t index, size_t byte, const char *label)
{
    message_lines_set_window(t->lines, index, byte, label);
}

void transcript_set_widest(struct transcript *t, int columns)
{
    t->widest = columns;
}

void transcript_set_centred(struct transcript *t, bool centred)
{
    t->centred = centred;
}

void transcript_set_welcome(struct transcript *t, const char *text)
{
    welcome_set(t->welcome, text);
}

void transcript_set_base(struct transcript *t, bool base)
{
    struct message_look look = *message_lines_look(t->lines);
    look.base = base;
    message_lines_set_look(t->lines, &look);
}

void transcript_set_raw(struct transcript *t, bool raw)
{
    struct message_look look = *message_lines_look(t->lines);
    look.raw = raw;
    message_lines_set_look(t->lines, &look);
}

bool transcript_is_raw(const struct transcript *t)
{
    return message_lines_look(t->lines)->raw;
}

void transcript_set_think(struct transcript *t, bool show)
{
    struct message_look look = *message_lines_look(t->lines);
    look.think = show;
    message_lines_set_look(t->lines, &look);
}

bool transcript_shows_think(const struct transcript *t)
{
    return message_lines_look(t->lines)->think;
}

/* ---- the selected message --------------------------------------------------------------------------------------- */

void transcript_select_visible(struct transcript *t)
{
    t->code = 0;
    view_select_visible(t->view);
}

void transcript_select(struct transcript *t, int step)
{
    t->code = 0;
    view_select(t->view, step);
}

void transcript_fold(struct transcript *t)
{
    size_t index = view_selected(t->view);
    if (index < messages_count(t->messages))
        messages_unfold(t->messages, index, !messages_at(t->messages, index)->unfolded);
    view_show(t->view, index, 0);
}

/* ---- matches ---------------------------------------------------------------------------------------------------- */

static bool show_match(struct transcript *t, const struct ui_match *match)
{
    bool drawn = message_lines_look(t->lines)->width > 0;
    if (match == NULL || match->message >= messages_count(t->messages) || !drawn)
        return false;
    messages_unfold(t->messages, match->message, true);
    view_show_byte(t->view, match->message, (uint32_t)match->start);
    return true;
}

void transcript_set_matches(struct transcript *t, const struct ui_match *matches, size_t n)
{
    matches_set(t->matches, matches, n);
}

bool transcript_show_match(struct transcript *t, size_t index)
{
    return show_match(t, matches_show(t->matches, index));
}

bool transcript_step_match(struct transcript *t, int direction)
{
    return show_match(t, matches_step(t->matches, direction));
}

/* ---- the lens --------------------------------------------------------------------------------------------------- */

void transcript_set_lens(struct transcript *t, bool on)
{
    struct message_look look = *message_lines_look(t->lines);
    if (look.lens == on)
        return;
    look.lens = on;
    message_lines_set_look(t->lines, &look);
    messages_forget_tokens(t->messages);
    if (on)
        lens_cursor_start(t->lens, view_selected(t->view));
    else
        lens_cursor_stop(t->lens);
}

static void show_lens_cursor(struct transcript *t)
{
    size_t message, token;
    if (lens_cursor_at(t->lens, &message, &token))
        view_show_byte(t->view, message, lens_cursor_byte(t->lens));
}

void transcript_move_lens(struct transcript *t, int step)
{
    if (lens_cursor_move(t->lens, step))
        show_lens_cursor(t);
}

void transcript_put_lens(struct transcript *t, size_t token)
{
    lens_cursor_put(t->lens, token);
    show_lens_cursor(t);
}

size_t transcript_wants_marks(const struct transcript *t)
{
    size_t n = messages_count(t->messages), end = t->drawn < n ? t->drawn : n;
    for (size_t i = view_top(t->view)->message; i < end; i++) {
        const struct message *x = messages_at(t->messages, i);
        if (x->speaker == UI_MODEL && !x->running && !x->knows_marks)
            return i;
    }
    return n;
}

size_t transcript_wants_tokens(const struct transcript *t)
{
    return lens_cursor_wants(t->lens, view_top(t->view)->message);
}

/* ---- code ------------------------------------------------------------------------------------------------------- */

bool transcript_code(struct transcript *t, struct buf *code, size_t *number, size_t *of)
{
    size_t selected = view_selected(t->view);
    struct render_options options = {.width = message_lines_look(t->lines)->width};
    struct rendering whole = {0};
    if (selected >= messages_count(t->messages) || options.width == 0)
        return false;
    const struct buf *text = &messages_at(t->messages, selected)->text;
    bool found = render(buf_text(text), text->size, &options, &whole) && whole.n_blocks > 0;
    if (found) {
        *of = whole.n_blocks;
        *number = t->code++ % whole.n_blocks + 1;
        found = rendering_copy_block(&whole, *number - 1, buf_text(text), code);
    }
    rendering_free(&whole);
    return found;
}

/* ---- keys and mouse --------------------------------------------------------------------------------------------- */

static struct pane_reaction transcript_key(void *pane, const struct key *key, bool busy)
{
    (void)pane;
    return pane_leave(key, busy, true, "composer");
}

/* Selected text goes to the primary selection, as with a terminal's own selection. */
static struct pane_reaction end_selection(struct transcript *t)
{
    char *text = selection_release(t->selection) ? selection_text(t->selection) : NULL;
    if (text == NULL)
        return pane_taken();
    struct pane_reaction r = pane_tell(UI_SELECT);
    r.action.text = r.text = text;
    r.action.size = strlen(text);
    return r;
}

static struct pane_reaction transcript_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct transcript *t = pane;
    int row = key->mouse.y - a->y, column = key->mouse.x - transcript_column(t, a).x;
    switch (key->mouse.kind) {
    case MOUSE_PRESS: selection_press(t->selection, row, column); break;
    case MOUSE_DRAG: selection_drag(t->selection, row, column); break;
    case MOUSE_RELEASE: return end_selection(t);
    case MOUSE_WHEEL_UP: view_scroll(t->view, -3); break;
    case MOUSE_WHEEL_DOWN: view_scroll(t->view, 3); break;
    }
    return pane_taken();
}

static void enter_transcript(void *pane)
{
    transcript_select_visible(pane);
}

static void transcript_about(const void *pane, struct ui_action *action)
{
    const struct transcript *t = pane;
    size_t selected = view_selected(t->view);
    bool any = selected < messages_count(t->messages);
    action->about = UI_ABOUT_MESSAGE;
    action->index = messages_count(t->messages) > 0 ? selected : SIZE_MAX;
    action->id = any ? messages_at(t->messages, selected)->id : 0;
}

const struct pane transcript_pane = {
    .at = LAYOUT_TRANSCRIPT,
    .place = PLACE_TRANSCRIPT,
    .hints = {{"keys", "keys"},
              {"/edit", "edit"},
              {"/regenerate", "again"},
              {"copy-message", "copy"},
              {"composer", "write"}},
    .draw = transcript_draw,
    .key = transcript_key,
    .mouse = transcript_mouse,
    .enter = enter_transcript,
    .about = transcript_about,
};
