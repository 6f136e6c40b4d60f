/* State: focus, places, and the ear of the program. */
#include <config.h>

#include "ui/state.h"

#include <stdlib.h>

#include "ui/draw/layout.h"

struct state {
    const struct pane *const *rows;
    enum pane_number focus;
    bool shown[PANES];
    struct layout layout;
    int columns;
    bool small, touched;
    ui_act *act;
    void *context;
};

struct state *state_new(const struct pane *const *rows)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->rows = rows;
    s->focus = PANE_COMPOSER;
    for (int i = 0; i < PANES; i++)
        s->shown[i] = !rows[i]->folds && !rows[i]->modal;
    s->touched = true;
    return s;
}

void state_free(struct state *s)
{
    free(s);
}

const struct pane *state_row(const struct state *s, enum pane_number pane)
{
    return s->rows[pane];
}

void state_touch(struct state *s)
{
    s->touched = true;
}

bool state_is_touched(const struct state *s)
{
    return s->touched;
}

bool state_take_touched(struct state *s)
{
    bool touched = s->touched;
    s->touched = false;
    return touched;
}

/* ---- focus and places ------------------------------------------------------------------------------------------- */

enum pane_number state_focus(const struct state *s)
{
    return s->focus;
}

void state_set_focus(struct state *s, enum pane_number pane)
{
    s->focus = pane;
    state_show(s, pane, true);
}

bool state_is_shown(const struct state *s, enum pane_number pane)
{
    return s->shown[pane];
}

void state_show(struct state *s, enum pane_number pane, bool show)
{
    s->shown[pane] = show;
    s->touched = true;
}

enum pane_number state_active(const struct state *s)
{
    for (int i = PANES; i-- > 0;)
        if (s->rows[i]->modal && s->shown[i])
            return (enum pane_number)i;
    return s->focus;
}

/* Whether a pane is on the screen unless another one takes its place. */
static bool has_room(const struct state *s, enum pane_number pane)
{
    return s->shown[pane] && (!s->rows[pane]->folds || s->columns >= LAYOUT_WIDE || s->focus == pane);
}

/* Of panes that fold at one place the one in focus is on the screen, else the last. */
static bool is_covered(const struct state *s, enum pane_number pane)
{
    for (int i = 0; i < PANES && s->rows[pane]->folds && s->focus != pane; i++) {
        bool rival = i != (int)pane && s->rows[i]->folds && s->rows[i]->at == s->rows[pane]->at;
        if (rival && has_room(s, (enum pane_number)i) && ((int)s->focus == i || i > (int)pane))
            return true;
    }
    return false;
}

static bool is_used(const struct state *s, enum layout_place place)
{
    for (int i = 0; i < PANES; i++)
        if (s->rows[i]->at == place && has_room(s, (enum pane_number)i))
            return true;
    return false;
}

void state_lay_out(struct state *s, int rows, int columns, struct layout_needs needs)
{
    s->columns = columns;
    s->small = rows < UI_LEAST_ROWS || columns < UI_LEAST_COLUMNS;
    layout_make(&s->layout, rows, columns, is_used(s, LAYOUT_LIST), is_used(s, LAYOUT_SIDE), needs);
}

const struct area *state_area(const struct state *s, enum pane_number pane)
{
    const struct area *a = &s->layout.at[s->rows[pane]->at];
    return has_room(s, pane) && !is_covered(s, pane) && a->rows > 0 ? a : NULL;
}

bool state_is_small(const struct state *s)
{
    return s->small;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

void state_listen(struct state *s, ui_act *act, void *context)
{
    s->act = act;
    s->context = context;
}

void state_tell(const struct state *s, const struct ui_action *action)
{
    if (s->act != NULL)
        s->act(s->context, action);
}

void state_tell_kind(const struct state *s, enum ui_action_kind kind)
{
    state_tell(s, &(struct ui_action){.kind = kind});
}
