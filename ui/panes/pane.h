/* Pane: what each pane is to the loop, a const row of functions.
 *
 * A pane knows its own state and what a call gives it: where to draw, a key, a click. It knows neither the other panes
 * nor the focus nor the program. Whatever is to happen outside of it comes back as a reaction, and only the loop
 * (ui.c) acts. */
#ifndef PALAVER_UI_PANES_PANE_H
#define PALAVER_UI_PANES_PANE_H

#include <stdbool.h>

#include "ui/draw/canvas.h"
#include "ui/draw/layout.h"
#include "ui/keys/bindings.h"
#include "ui/keys/key.h"
#include "ui/ui.h"

/* What a key or the mouse did in a pane. */
enum pane_does {
    PANE_UNUSED, /* nothing: the pane has no use for it */
    PANE_TAKEN,  /* the pane took it, and nobody else has to act */
    PANE_TELL,   /* give action to the program */
    PANE_RUN,    /* run command: one of the screen's own, or a slash command */
    PANE_PUT,    /* put the word `command` in place of the one being typed, then give action to the program if it has an
                    act */
    PANE_PUT_AND_SEND, /* and send what is typed then */
};
struct pane_reaction {
    enum pane_does does;
    bool takes_focus;        /* move the focus to the pane first */
    bool closes;             /* stop showing the pane first */
    struct ui_action action; /* for PANE_TELL */
    const char *command;     /* for PANE_RUN, PANE_PUT and PANE_PUT_AND_SEND */
    char *text;              /* malloc'ed; what action and command point into, freed by the loop; NULL: nothing */
};

/* A key that the status line names while the focus is in the pane: its command, and a word for what it does. */
struct pane_hint {
    const char *command, *word;
};
enum { PANE_HINTS = 5 };

/* Functions that a pane has no use for are NULL. pane: the pane's own object. */
struct pane {
    enum layout_place at;
    enum place place;                   /* the bindings in force while the focus is here */
    bool modal;                         /* takes every key and all of the mouse while it is shown */
    bool folds;                         /* on a narrow screen it is shown only while it has the focus */
    struct pane_hint hints[PANE_HINTS]; /* ends with a NULL command unless full */

    /* focus: keys go to this pane. */
    void (*draw)(void *pane, struct canvas *s, const struct area *a, bool focus);
    /* Where the cursor stands on the screen, after draw; *y < 0 hides it. A pane that has no say leaves both alone. */
    void (*cursor)(const void *pane, const struct area *a, bool focus, int *y, int *x);
    /* Takes a key before the bindings do: all keys of a modal pane, or those of a field that is open. */
    struct pane_reaction (*first_key)(void *pane, const struct key *key);
    /* Takes a key that is bound to nothing. busy: an answer is being written. */
    struct pane_reaction (*key)(void *pane, const struct key *key, bool busy);
    /* Takes the mouse over area a, which draw was given last. PANE_UNUSED for the wheel lets it scroll the
     * transcript. */
    struct pane_reaction (*mouse)(void *pane, const struct area *a, const struct key *key);
    /* For a modal pane whose keys without a use are typed into the composer under it: what is typed there. */
    void (*typed)(void *pane, const char *text, size_t size);
    /* The focus comes to the pane. */
    void (*enter)(void *pane);
    /* Fills in what a slash command is about: the selected message or conversation. */
    void (*about)(const void *pane, struct ui_action *action);
};

/* Reactions. command and what stay the caller's and must be static; text is copied. */
struct pane_reaction pane_taken(void);
struct pane_reaction pane_tell(enum ui_action_kind kind);
/* A NULL text, or no memory for it: PANE_TAKEN. */
struct pane_reaction pane_tell_text(enum ui_action_kind kind, const char *text, size_t size);
struct pane_reaction pane_run(const char *command);
/* The reaction to Esc and Ctrl-C: stops the answer that is being written (Esc only where esc_stops), else runs command.
 * PANE_UNUSED for other keys. */
struct pane_reaction pane_leave(const struct key *key, bool busy, bool esc_stops, const char *command);

bool pane_key_is_ctrl(const struct key *key, wchar_t letter);
bool pane_key_is_letter(const struct key *key, wchar_t letter);
bool pane_key_is_wheel(const struct key *key);

#endif
