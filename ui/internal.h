/* Internal to ui: the screen as a whole, for the files beside the rooms. Panes do not know it. */
#ifndef PALAVER_UI_INTERNAL_H
#define PALAVER_UI_INTERNAL_H

#include "ui/draw/canvas.h"
#include "ui/keys/bindings.h"
#include "ui/panes/beside.h"
#include "ui/panes/compare.h"
#include "ui/panes/entry.h"
#include "ui/panes/head.h"
#include "ui/panes/lens.h"
#include "ui/panes/list.h"
#include "ui/panes/menu.h"
#include "ui/panes/popup.h"
#include "ui/panes/settings.h"
#include "ui/panes/status.h"
#include "ui/panes/transcript.h"
#include "ui/panes/tree.h"
#include "ui/state.h"
#include "ui/ui.h"

struct input;

/* The parts. ui_open makes them and ui_free frees them; nothing else writes here. */
struct ui {
    struct canvas *canvas;
    const char *const *theme_folders;
    struct bindings *bindings;
    struct input *input; /* keys on their way; ui.c's */
    struct state *state;
    struct head *head;
    struct transcript *transcript;
    struct entry *entry;
    struct list *list;
    struct settings *settings;
    struct lens *lens;
    struct status *status;
    struct compare_view *compare;
    struct beside *beside;
    struct menu *menu;
    struct popup *popup;
    struct tree *tree;
    void *panes[PANES]; /* the objects above, by their number */
};

/* Moves the focus (commands.c). */
void ui_take_focus(struct ui *ui, enum pane_number pane);
/* Runs a command of the screen, or gives a slash command to the program (commands.c). */
void ui_run(struct ui *ui, const char *command);
/* Asks the program for what the lens shows (commands.c). */
void ui_ask_tokens(struct ui *ui);
/* Asks for the remarks of the answers that were drawn, as far as they are not known (commands.c). */
void ui_ask_marks(struct ui *ui);
/* A key went to the composer: what its menu shows follows what is typed now (complete.c). types: the key may be the
 * beginning of a word, and did not go to another text or another place. */
void ui_follow_typed(struct ui *ui, bool types);
/* Tells (UI_PREVIEW) what would be typed by the choice that the user moved to, when that is another one now. */
void ui_tell_choice(struct ui *ui);
/* Puts a word in where the menu is, and a blank if more is to be typed (complete.c). */
void ui_put_word(struct ui *ui, const char *word, bool goes_on);
/* Shows all keys (help.c). */
void ui_show_keys(struct ui *ui);

#endif
