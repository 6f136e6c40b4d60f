/* Inside of the screen: what the panes share. ui.c holds it, each pane draws and takes keys by a table of functions. */
#ifndef PALAVER_UI_INTERNAL_H
#define PALAVER_UI_INTERNAL_H

#include "base/buf.h"
#include "ui/keys/bindings.h"
#include "ui/panes/composer.h"
#include "ui/keys/keys.h"
#include "ui/layout.h"
#include "ui/panes/lens.h"
#include "ui/panes/list.h"
#include "ui/panes/compare.h"
#include "ui/panes/popup.h"
#include "ui/canvas.h"
#include "ui/panes/settings.h"
#include "ui/theme.h"
#include "ui/panes/transcript.h"
#include "ui/ui.h"

/* ui_item.act of a word that completes what is typed; ui's own are negative. */
enum { UI_ACT_WORD = -1 };

enum focus { FOCUS_COMPOSER, FOCUS_TRANSCRIPT, FOCUS_LIST, FOCUS_SETTINGS, FOCUS_LENS };

struct ui {
    struct canvas *screen;
    struct theme *theme;
    const char *const *theme_folders;
    struct bindings *bindings;
    struct keys keys;
    struct composer *composer;
    struct transcript *transcript;
    struct list *list;
    struct settings *settings;
    struct lens *lens;
    struct popup *popup;        /* NULL: none */
    struct compare_view *compare; /* NULL: nothing is compared */
    struct layout layout;
    enum focus focus;
    bool list_shown, settings_shown, lens_shown, mouse, no_color, small;
    bool lens_stale;            /* what it shows is to be asked for again */
    bool dirty, waiting;        /* waiting: an escape may go on */
    bool pressed;               /* the mouse, in the transcript */
    bool focused;               /* the terminal's window */
    char *head_title, *head_model, *label, *mode;
    enum ui_state state;
    char *status_text, *status_speed;
    size_t used, available;
    char *notice;
    bool notice_is_error;
    double notice_until;
    int first_line;             /* of the composer's text, when it is taller than its place */
    size_t complete_start;      /* where the word that is completed begins */
    ui_act *act;                /* while keys are taken */
    void *context;
};

/* ui.c */
double ui_now(void);
/* Gives an action to the program. */
void ui_tell(struct ui *ui, const struct ui_action *action);
void ui_tell_text(struct ui *ui, enum ui_action_kind kind, const char *text);
/* A slash command, about the selected message or conversation. */
void ui_tell_command(struct ui *ui, const char *command);
void ui_set_string(char **place, const char *text);
void ui_run(struct ui *ui, const char *command);
void ui_take_focus(struct ui *ui, enum focus focus);
void ui_lay_out(struct ui *ui);
/* Asks the program for what the lens shows. */
void ui_ask_tokens(struct ui *ui);

/* The panes' sides of keys and the mouse: true when used. */
bool entry_key(struct ui *ui, const struct key *key);
void entry_mouse(struct ui *ui, const struct key *key, int row, int column);
void entry_draw(struct ui *ui, int *cursor_y, int *cursor_x);
/* A key for the field of the settings, which a digit opens: false when it is none of those. */
bool settings_take_key(struct ui *ui, const struct key *key);
void status_draw(struct ui *ui);
void head_draw(struct ui *ui);
void ui_mouse(struct ui *ui, const struct key *key);
/* Puts a word in place of the one that is completed. */
void ui_put_word(struct ui *ui, const char *word);
/* The help: all keys as text. */
void ui_show_keys(struct ui *ui);

#endif
