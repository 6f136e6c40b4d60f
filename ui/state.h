/* State: what several parts of the screen need. Which panes there are, which are shown and where, which has the focus,
 * whether something has to be drawn, and who hears of actions. */
#ifndef PALAVER_UI_STATE_H
#define PALAVER_UI_STATE_H

#include <stdbool.h>

#include "ui/draw/canvas.h"
#include "ui/panes/pane.h"
#include "ui/ui.h"

/* In the order in which they are drawn: a later one lies over those before. */
enum pane_number {
    PANE_HEAD,
    PANE_TRANSCRIPT,
    PANE_COMPOSER,
    PANE_LIST,
    PANE_SETTINGS,
    PANE_LENS,
    PANE_STATUS,
    PANE_MENU,
    PANE_TREE,
    PANE_COMPARE,
    PANE_BESIDE,
    PANE_NOTICE,
    PANE_POPUP,
    PANES
};

struct state;

/* rows[PANES]: what each pane is. They must outlive the state. */
struct state *state_new(const struct pane *const *rows);
void state_free(struct state *s);
const struct pane *state_row(const struct state *s, enum pane_number pane);

/* Something has to be drawn; and whether it had to be since the last call. */
void state_touch(struct state *s);
bool state_is_touched(const struct state *s);
bool state_take_touched(struct state *s);

/* The focus. The pane that gets it is shown from now on. */
enum pane_number state_focus(const struct state *s);
void state_set_focus(struct state *s, enum pane_number pane);
/* Whether a pane is to be shown. One that folds may lack room for it: see state_area. */
bool state_is_shown(const struct state *s, enum pane_number pane);
void state_show(struct state *s, enum pane_number pane, bool show);
/* The pane that keys go to: the topmost modal one, else the one in focus. */
enum pane_number state_active(const struct state *s);

/* Places the panes on a screen of this size. */
void state_lay_out(struct state *s, int rows, int columns, struct layout_needs needs);
/* Where a pane stands; NULL when it is not on the screen. */
const struct area *state_area(const struct state *s, enum pane_number pane);
/* Whether the screen is too small to draw panes. */
bool state_is_small(const struct state *s);

/* Who hears of actions from now on; NULL: nobody. */
void state_listen(struct state *s, ui_act *act, void *context);
void state_tell(const struct state *s, const struct ui_action *action);
void state_tell_kind(const struct state *s, enum ui_action_kind kind);

#endif
