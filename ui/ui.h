/* The screen: panes over a terminal. This header is all that the rest of Palaver sees of it.
 *
 * The screen knows nothing of models and databases. The program tells it what there is to see (conversations, messages,
 * settings, a status) and gets actions back: a message to send, a command to run, a stop. Strings given to it are copied;
 * they may hold anything, nothing of them reaches the terminal unclean. One thread calls all this; nothing here waits.
 *
 * Inside, one concept a file:
 *   key, keys     what was pressed; the bytes of a keyboard as keys
 *   bindings      the table of keys, and the file that changes it
 *   style, theme  roles of text, and their colours
 *   screen        ncurses
 *   text, render  columns and line breaks; Markdown and plain text as lines
 *   composer      the message being written, by libedit
 *   layout        which pane stands where
 *   list, transcript, settings, lens, entry, status, popup, compare   the panes
 *   field         a line that is typed inside a pane
 *   commands      what keys do inside the screen
 *   ui, feed      focus, keys to panes, drawing; what the program tells
 */
#ifndef PALAVER_UI_UI_H
#define PALAVER_UI_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ui;

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct ui_options {
    const char *term;               /* $TERM */
    const char *theme;              /* its name */
    const char *const *theme_folders; /* NULL-terminated */
    const char *keys_file;          /* changes to the keys; NULL or absent: none */
    bool no_color;
    bool mouse;
};
/* The least size that can be worked in; below it the screen says so and waits. */
enum { UI_LEAST_ROWS = 10, UI_LEAST_COLUMNS = 40 };

/* Takes the terminal. NULL on failure, e.g. an unknown terminal, a broken theme or keys file (named with the line). */
struct ui *ui_open(const struct ui_options *options, struct error *err);
/* Gives the terminal back. */
void ui_free(struct ui *ui);
/* Bytes for a handler of crashes to write, which give the terminal back; static. */
const char *ui_last_words(void);

/* ---- the loop --------------------------------------------------------------------------------------------------- */

/* What the user does, told to the program. Which fields of struct ui_action count is said with each; what they point to
 * is valid during the call. */
enum ui_action_kind {
    UI_SEND,      /* text: a message or a slash command, as typed */
    UI_COMMAND,   /* text: a slash command that a key or an item of a popup names; about, id, index: on what it acts */
    UI_CHOICE,    /* act, a, b: those of the item that was chosen from a popup */
    UI_STOP,      /* stop the answer */
    UI_INTERRUPT, /* Ctrl-C with nothing typed and nothing to stop */
    UI_QUIT,
    UI_SUSPEND,
    UI_EDITOR,    /* open what is typed in the user's editor */
    UI_EDITED,    /* what is typed changed */
    UI_COMPLETE,  /* candidates are wanted for what is typed, see ui_complete */
    UI_QUERY,     /* text: typed in a popup that asks for items, see ui_set_items */
    UI_LEAVE_EDIT,
    UI_COPY,      /* text: to the clipboard; what names it */
    UI_SELECT,    /* text: to the primary selection */
    UI_MORE,      /* the end of the list is selected: there may be more */
    UI_TOKENS,    /* index: the tokens of this message are wanted, see ui_message_tokens */
    UI_TOKEN,     /* index, token: the lens is on this token, see ui_set_token */
    UI_FORK,      /* index, token: continue with alternative step instead; -1: with one drawn again */
    UI_WORDS,     /* index, token: continue with the user's words there; token SIZE_MAX: after the last one */
    UI_STEP,      /* the answer that waits continues with candidate step; -1: with what is drawn */
    UI_KEEP,      /* index: the answer of this side is kept, see ui_compare */
    UI_LEAVE_COMPARISON, /* stop comparing; when nothing runs, leave it */
    UI_SETTING_STEP,  /* text, the name of a setting: step -10, -1, 1 or 10 */
    UI_SETTING_DRAG,  /* text: its slider is at position */
    UI_SETTING_RESET, /* text: back to the default */
    UI_SETTING_TYPED, /* text: typed is its value, answered by ui_setting_typed */
};
/* What is selected in the pane where a key was pressed. */
enum ui_about { UI_ABOUT_NOTHING, UI_ABOUT_MESSAGE, UI_ABOUT_CONVERSATION };
struct ui_action {
    enum ui_action_kind kind;
    const char *text;
    size_t size;
    const char *what;    /* "message", "code block", "selection" */
    enum ui_about about;
    int64_t id;          /* of the message or the conversation; 0: it is not stored, or none is selected */
    size_t index, token; /* of a message, and of a token in it, from 0; of a message, SIZE_MAX: none is selected */
    int act;             /* see struct ui_item */
    int64_t a, b;
    int step;
    double position;     /* 0 to 1 */
    const char *typed;
};
typedef void ui_act(void *context, const struct ui_action *action);

/* Runs one of the screen's own commands, e.g. "settings". */
void ui_command(struct ui *ui, const char *name);
/* Takes bytes that were typed and tells the actions that follow. */
void ui_type(struct ui *ui, const char *bytes, size_t size, ui_act *act, void *context);
/* Does what is due by time. Milliseconds from now until it should be called again are ui_timeout's; -1: not at all. */
void ui_tick(struct ui *ui, ui_act *act, void *context);
int ui_timeout(const struct ui *ui);
/* Draws what changed; cheap when nothing did. */
void ui_draw(struct ui *ui);
/* The terminal has another size. */
void ui_resize(struct ui *ui);
/* Leaves the terminal to another program, and takes it again. */
void ui_leave(struct ui *ui);
void ui_return(struct ui *ui);
bool ui_has_focus(const struct ui *ui); /* false when the terminal said that its window lost it */
void ui_bell(struct ui *ui);
/* Sends text[0..size) to the terminal's clipboard, or to the primary selection (OSC 52). Nothing comes back: who knows
 * whether it took it. */
void ui_send_clipboard(struct ui *ui, bool primary, const char *text, size_t size);

/* ---- what there is to see --------------------------------------------------------------------------------------- */

struct ui_conversation {
    int64_t id;
    const char *title;
    int64_t changed; /* milliseconds since 1970 */
    bool pinned, archived, unread;
};
/* Replaces the list; they are shown in this order, grouped by day where not pinned. current: the open one's id. */
void ui_set_conversations(struct ui *ui, const struct ui_conversation *list, size_t n, int64_t current);

enum ui_speaker { UI_YOU, UI_MODEL };
struct ui_message {
    int64_t id;            /* 0: not stored */
    enum ui_speaker speaker;
    int64_t time;          /* milliseconds since 1970; 0: unknown */
    int sibling, siblings; /* number sibling, from 0, of siblings; siblings <= 1: no alternatives */
    const char *about;     /* after the time: "41 tokens · 147 t/s", "stopped"; NULL: nothing */
    bool running;          /* it grows */
    const char *text;
    size_t size;
};
/* Messages by index, from 0. */
void ui_message_add(struct ui *ui, const struct ui_message *m);
void ui_message_grow(struct ui *ui, size_t index, const char *text, size_t size);
/* Replaces all but the text, or all when m->text is not NULL. */
void ui_message_change(struct ui *ui, size_t index, const struct ui_message *m);
/* A remark at the right of the line on which byte at of the message stands, e.g. "▲temperature 0.8→1.4". Those of a message
 * go with it. */
void ui_message_mark(struct ui *ui, size_t index, size_t at, const char *text);
/* How an answer came about, token by token, for the lens: bytes of its text, and how expected it was, 0 (surprising) to 7. */
struct ui_token { uint32_t bytes; uint8_t shade; };
void ui_message_tokens(struct ui *ui, size_t index, const struct ui_token *tokens, size_t n);
/* Takes message from and all after it away. */
void ui_messages_cut(struct ui *ui, size_t from);
/* The model sees messages from this index on; label is shown above it. 0: all. */
void ui_set_window(struct ui *ui, size_t index, const char *label);
/* Base models: one text without names. */
void ui_set_base(struct ui *ui, bool base);
/* Shows the end, or a message. */
void ui_show_end(struct ui *ui);
void ui_show_message(struct ui *ui, size_t index);
/* Marks bytes [start, end) of messages; n and N walk through them. */
struct ui_match { size_t message, start, end; };
void ui_set_matches(struct ui *ui, const struct ui_match *matches, size_t n);
/* Brings one of them into view. */
void ui_show_match(struct ui *ui, size_t index);

/* The line above the transcript. */
void ui_set_head(struct ui *ui, const char *title, const char *model);

enum ui_state { UI_IDLE, UI_BUSY, UI_FAILED };
struct ui_status {
    enum ui_state state;
    const char *text;      /* "answering · Esc stops" */
    size_t used, available; /* tokens of the context; available 0: unknown */
    const char *speed;     /* "147 t/s  first 0.1 s"; NULL: nothing */
};
void ui_set_status(struct ui *ui, const struct ui_status *status);
/* A passing remark, until the next key or for some seconds. */
void ui_notice(struct ui *ui, bool is_error, const char *text);

/* ---- the composer ----------------------------------------------------------------------------------------------- */

const char *ui_typed(const struct ui *ui, size_t *size, size_t *cursor);
void ui_set_typed(struct ui *ui, const char *text, size_t size);
/* Moves the focus there. */
void ui_compose(struct ui *ui);
/* What the frame around it says, e.g. "31 tokens · Enter sends"; mode: "editing message 3" or NULL. */
void ui_set_composer_label(struct ui *ui, const char *label, const char *mode);
/* Remembers a message for Up. */
void ui_remember(struct ui *ui, const char *text);
/* Candidates for the word at bytes [start, cursor): what they have in common is put in, else they are offered. */
void ui_complete(struct ui *ui, size_t start, const char *const *words, size_t n);

/* ---- popups ----------------------------------------------------------------------------------------------------- */

struct ui_item {
    const char *label;
    const char *detail;    /* dim, at the right or below; may be NULL */
    const char *command;   /* UI_COMMAND's text when it is chosen, with act 0 */
    int act;               /* positive: the program's own number, which UI_CHOICE brings with a and b; 0: command runs */
    int64_t a, b;
};
/* A list to choose from by typing a few letters. With asks set typing filters nothing but sends UI_QUERY with the text,
 * which ui_set_items answers. */
void ui_pick(struct ui *ui, const char *title, const struct ui_item *items, size_t n, bool asks);
void ui_set_items(struct ui *ui, const struct ui_item *items, size_t n);
/* Puts text where a popup asks for some. */
void ui_set_query(struct ui *ui, const char *text);
/* Text to read, which may be long. spans color it: role of style.h by name; NULL: plain. */
struct ui_stretch { size_t end; const char *role; };
void ui_view(struct ui *ui, const char *title, const char *text, size_t size, const struct ui_stretch *stretches,
             size_t n);
bool ui_has_popup(const struct ui *ui);
void ui_close_popup(struct ui *ui);

/* ---- settings pane ---------------------------------------------------------------------------------------------- */

struct ui_setting {
    const char *name, *value; /* "Off" when it does nothing */
    const char *help;         /* one line */
    const char *source;       /* where the value comes from */
    double position;          /* of the slider, 0..1; negative: none */
    const char *typed;        /* the value as it is typed */
    bool number;              /* a digit begins a value */
};
void ui_set_settings(struct ui *ui, const struct ui_setting *settings, size_t n);
/* What was typed is taken, or (trouble not NULL) stays to be made better. */
void ui_setting_typed(struct ui *ui, const char *trouble);
struct ui_candidate {
    const char *text;
    float before, after;
    const char *removed_by;   /* NULL: it survived */
    bool chosen;
};
/* The next token's candidates, likeliest first; summary: "entropy 1.2 · 34 survive". */
void ui_set_candidates(struct ui *ui, const struct ui_candidate *list, size_t n, const char *summary);

/* The token under the lens. Lists as for ui_set_candidates; facts may have several lines. */
struct ui_token_details {
    const char *text, *facts, *settings;
    const struct ui_candidate *candidates;
    size_t n_candidates;
};
void ui_set_token(struct ui *ui, const struct ui_token_details *details); /* NULL: none */
/* An answer waits: what its next token may be. The lens opens there. NULL: none waits. */
void ui_set_next(struct ui *ui, const struct ui_token_details *details);

/* ---- comparing -------------------------------------------------------------------------------------------------- */

enum { UI_COMPARED = 4 };
struct ui_compared {
    const char *label;     /* what this side answers with */
    const char *text;
    size_t size;
    const char *about;     /* "41 tokens · 147 t/s" */
    bool running;
};
/* Shows answers to one question side by side over the other panes, or what is new in them; n 0: no longer. */
void ui_compare(struct ui *ui, const char *title, const struct ui_compared *sides, size_t n);

/* ---- looks ------------------------------------------------------------------------------------------------------ */

enum error_code ui_set_theme(struct ui *ui, const char *name, struct error *err);
const char *ui_theme(const struct ui *ui);
/* Names; NULL-terminated, one malloc'ed block, the caller's. */
char **ui_themes(const struct ui *ui);
/* The table of keys: index from 0; false past the end. where: "anywhere", "transcript", "list", "settings", "lens". */
struct ui_binding { const char *where, *key, *command, *help; };
bool ui_binding(const struct ui *ui, size_t index, struct ui_binding *out);
/* The same without a screen, as built in, for the manual. */
bool ui_default_binding(size_t index, struct ui_binding *out);
void ui_set_raw(struct ui *ui, bool raw);     /* the text of messages as it is, without Markdown */
bool ui_is_raw(const struct ui *ui);
void ui_set_think(struct ui *ui, bool show);  /* what a model thinks, unfolded */
bool ui_shows_think(const struct ui *ui);
void ui_set_mouse(struct ui *ui, bool on);

#endif
