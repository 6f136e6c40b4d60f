/* The screen: panes over a terminal. This header is all that the rest of Palaver sees of it.
 *
 * The screen knows nothing of models and databases. The program tells it what to show (conversations, messages,
 * settings, a status) and gets actions back: a message to send, a command to run, a stop. Strings given to it are
 * copied. They may hold anything, as nothing reaches the terminal unclean. All calls are made by one thread; none of
 * them waits.
 *
 * Beside the rooms, on top of them:
 *   ui            opens the screen; keys and the mouse on their way to panes, what panes want done, drawing
 *   state         which panes there are, which are shown and where, the focus, who hears of actions
 *   commands      what keys do inside the screen
 *   show          what the program tells goes to the pane that shows it
 *   sheet         the other screen, of a table, a list and a page, which needs none of these
 *   complete      completing what is typed
 *   help          the table of keys, on the screen and for the manual
 *   internal      the parts of the screen, for these files
 * ui/panes/, each a const row of functions (pane):
 *   head, status  the line above the transcript; the last line, and remarks
 *   transcript    messages, message-lines, view, matches, lens-cursor, selection, welcome are its parts; transcript-draw draws
 *   entry         the frame around the composer: composer, composer-edit (libedit), composer-lines,
 *                 composer-pastes, composer-undo
 *   list          the conversations
 *   settings, lens   the sampling settings; one token: candidates, field are parts of them
 *   compare       answers side by side: compare-words finds where they part
 *   beside        questions beside the conversation, in an overlay
 *   menu          what may stand where the user types, above the composer; marked draws what matched
 *   tree          a conversation as a map of its branches; map has its rows
 *   popup         a list to choose from, or a text to read: picker is part of it
 *   rows, blocks  the parts of a sheet: a table or a list; a page
 * ui/draw/:
 *   canvas        ncurses
 *   modes         what the terminal is asked for beside drawing
 *   links         the cells that belong to the address of a page
 *   theme         colours for roles of text
 *   bar           a part of a whole
 *   layout        which pane stands where
 * ui/keys/:
 *   key, keys     what was pressed; the bytes of a terminal as keys, reply: as answers
 *   bindings      the table of keys, and the file that changes it
 * ui/text/:
 *   text          what is safe to show, columns, line breaks
 *   style         roles of text
 *   render, page  a message as lines of the screen; the page on which they are built
 *   markdown      Markdown by md4c: markdown-guard, markdown-tables and unfinished prepare its
 *                 text; fence, table, entity are parts of it
 *   highlight, language   code in colours
 *   link          addresses of pages
 *   fuzzy         how well a text fits what was typed to find it
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
    const char *term;                 /* $TERM */
    const char *theme;                /* the name of one */
    const char *const *theme_folders; /* NULL-terminated */
    const char *keys_file;            /* changes the keys; NULL or absent: unchanged */
    bool no_color;
    bool mouse;
    int text_width;    /* columns of messages at most; 0: all there are */
    bool text_centred; /* what remains is left and right of them, not right alone */
};
/* The smallest size to work in; a smaller screen says so and waits. */
enum { UI_LEAST_ROWS = 10, UI_LEAST_COLUMNS = 40 };

/* Takes the terminal. The strings of options must outlive the screen. NULL on failure: an unknown terminal, an error
 * in the theme or in the file of keys (the message has the line). */
struct ui *ui_open(const struct ui_options *options, struct error *err);
/* Gives the terminal back. */
void ui_free(struct ui *ui);
/* Bytes that give the terminal back, for a crash handler to write; static. */
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
    UI_CLEARED,   /* Ctrl-C cleared what was typed */
    UI_SPARED,    /* Ctrl-C right after the one that stopped an answer: what is typed stays */
    UI_QUIT,
    UI_SUSPEND,
    UI_EDITOR,   /* open what is typed in the user's editor */
    UI_EDITED,   /* what is typed changed */
    UI_COMPLETE, /* the menu is wanted for what is typed, see ui_set_menu */
    UI_PREVIEW,  /* text: the command of the item that is selected in a popup, or the line that the menu's choice would
                    make; "": no longer, and none was chosen */
    UI_QUERY,    /* text: typed in a popup that asks for items, see ui_set_items */
    UI_LEAVE_EDIT,
    UI_COPY,             /* text: to the clipboard; what names it */
    UI_SELECT,           /* text: to the primary selection */
    UI_MORE,             /* the end of the list is selected: there may be more */
    UI_TOKENS,           /* index: the tokens of this message are wanted, see ui_message_tokens */
    UI_MARKS,            /* index: the remarks of this message are wanted, see ui_message_marks */
    UI_TOKEN,            /* index, token: the lens is on this token, see ui_set_token */
    UI_FORK,             /* index, token: continue with alternative step instead; -1: with one drawn again */
    UI_WORDS,            /* index, token: continue with the user's words there; token SIZE_MAX: after the last one */
    UI_STEP,             /* the answer that waits continues with candidate step; -1: with what is drawn */
    UI_KEEP,             /* index: the answer of this side is kept, see ui_compare */
    UI_LEAVE_COMPARISON, /* stop comparing; when nothing runs, leave it */
    UI_BESIDE_ASK,       /* text: another question in the overlay, see ui_beside_ask */
    UI_BESIDE_LEAVE,     /* stop its answer; when none is being written, close the overlay */
    UI_GROUND,           /* the terminal told its background: step 1 light, 0 dark */
    UI_LEAVES_PLACE,     /* the view is about to go elsewhere */
    UI_SETTING_STEP,     /* text, the name of a setting: step -10, -1, 1 or 10 */
    UI_SETTING_DRAG,     /* text: its slider is at position */
    UI_SETTING_RESET,    /* text: back to the default */
    UI_SETTING_TYPED,    /* text: typed is its value, answered by ui_setting_typed */
};
/* What is selected in the pane where a key was pressed. */
enum ui_about { UI_ABOUT_NOTHING, UI_ABOUT_MESSAGE, UI_ABOUT_CONVERSATION };
struct ui_action {
    enum ui_action_kind kind;
    const char *text;
    size_t size;
    const char *what; /* "message", "code block", "selection" */
    enum ui_about about;
    int64_t id;          /* of the message or the conversation; 0: it is not stored, or none is selected */
    size_t index, token; /* of a message, and of a token in it, from 0; of a message, SIZE_MAX: none is selected */
    int act;             /* see struct ui_item */
    int64_t a, b;
    int step;
    double position; /* 0 to 1 */
    const char *typed;
};
typedef void ui_act(void *context, const struct ui_action *action);

/* Runs a command of the screen, e.g. "settings". */
void ui_command(struct ui *ui, const char *name);
/* Takes bytes that the terminal sent and tells the actions that follow. */
void ui_type(struct ui *ui, const char *bytes, size_t size, ui_act *act, void *context);
/* Does what is due by now. */
void ui_tick(struct ui *ui, ui_act *act, void *context);
/* Milliseconds until ui_tick or ui_draw is due; -1: neither is. */
int ui_timeout(const struct ui *ui);
/* Draws the screen if something changed. */
void ui_draw(struct ui *ui);
/* The size of the terminal changed. */
void ui_resize(struct ui *ui);
/* Leaves the terminal to another program, and takes it again. */
void ui_leave(struct ui *ui);
void ui_return(struct ui *ui);
/* False when the terminal said that its window lost the focus. */
bool ui_has_focus(const struct ui *ui);
void ui_bell(struct ui *ui);
/* Offers text[0..size) to the terminal's clipboard, or to its primary selection (OSC 52). The terminal does not say
 * whether it took it. */
void ui_send_clipboard(struct ui *ui, bool primary, const char *text, size_t size);

/* ---- what is shown ---------------------------------------------------------------------------------------------- */

struct ui_conversation {
    int64_t id;
    const char *title;
    int64_t changed; /* milliseconds since 1970 */
    bool pinned, archived;
    bool once;              /* one question, asked outside of the screen */
    bool answering, unread; /* marked: an answer grows there; one ended there that the user has not seen */
};
/* Replaces the list, which is shown in this order, grouped by day between the pinned ones and the questions asked once.
 * current: the id of the open one. */
void ui_set_conversations(struct ui *ui, const struct ui_conversation *list, size_t n, int64_t current);

/* Ids of the conversations that are marked in the list; valid until the next call. */
const int64_t *ui_marked(const struct ui *ui, size_t *n);
void ui_clear_marks(struct ui *ui);

enum ui_speaker { UI_YOU, UI_MODEL };
struct ui_message {
    int64_t id; /* 0: not stored */
    enum ui_speaker speaker;
    int64_t time;          /* milliseconds since 1970; 0: unknown */
    int sibling, siblings; /* number sibling, from 0, of so many alternatives; siblings <= 1: there are no others */
    const char *about;     /* after the time: "41 tokens · 147 t/s", "stopped"; NULL: nothing */
    bool running;          /* it is still being written */
    const char *text;
    size_t size;
};
/* Messages have an index, from 0. A call with an index past the end does nothing. */
void ui_message_add(struct ui *ui, const struct ui_message *m);
void ui_message_grow(struct ui *ui, size_t index, const char *text, size_t size);
/* Replaces all of a message; its text stays if m->text is NULL. */
void ui_message_change(struct ui *ui, size_t index, const struct ui_message *m);
/* The remarks of an answer, e.g. "▲temperature 0.8→1.4" on byte `at`, in the order of their places: a sign in the margin
 * of the line that holds the byte, and the text right of it or of the first line below that has room. They are asked
 * for (UI_MARKS) when the answer comes into view, and again when it has ended. */
struct ui_mark {
    size_t at;
    const char *text;
};
void ui_message_marks(struct ui *ui, size_t index, const struct ui_mark *marks, size_t n);
/* How an answer came about, token by token, for the lens: bytes of the text, and a shade from 0 (surprising) to 7
 * (expected). */
struct ui_token {
    uint32_t bytes;
    uint8_t shade;
};
void ui_message_tokens(struct ui *ui, size_t index, const struct ui_token *tokens, size_t n);
/* All that was told of tokens may have changed: while the lens is open it is asked for anew. */
void ui_tokens_changed(struct ui *ui);
/* Removes message `from` and all after it. */
void ui_messages_cut(struct ui *ui, size_t from);
/* The model sees messages from this index on, and of a base model's text from this byte of it on; the label is shown
 * above. 0 and 0: it sees all. */
void ui_set_window(struct ui *ui, size_t index, size_t byte, const char *label);
/* A text in Markdown that stands in the transcript while there is no message; NULL: none. */
void ui_set_welcome(struct ui *ui, const char *text);
/* Shows messages as one text without names, for base models. */
void ui_set_base(struct ui *ui, bool base);
/* Brings the end into view, or a message. */
void ui_show_end(struct ui *ui);
void ui_show_message(struct ui *ui, size_t index);
/* The view stays where it is while messages are removed and others take their place: it no longer follows the end. */
void ui_stay(struct ui *ui);
/* The message on the first row of the view, and whether the view follows the end. */
size_t ui_message_in_view(const struct ui *ui);
bool ui_follows_end(const struct ui *ui);
/* Marks bytes [start, end) of messages as matches of a search, through which n and N walk. */
struct ui_match {
    size_t message, start, end;
};
void ui_set_matches(struct ui *ui, const struct ui_match *matches, size_t n);
/* Brings a match into view. */
void ui_show_match(struct ui *ui, size_t index);

/* The line above the transcript. The title names the terminal's window too. */
void ui_set_head(struct ui *ui, const char *title, const char *model);

enum ui_state { UI_IDLE, UI_BUSY, UI_FAILED };
struct ui_status {
    enum ui_state state;
    const char *text;       /* "answering · Esc stops" */
    size_t used, available; /* tokens of the context; available 0: unknown */
    bool estimated;         /* used is */
    const char *speed;      /* "147 t/s  first 0.1 s  12/15 guessed"; NULL: not shown */
};
void ui_set_status(struct ui *ui, const struct ui_status *status);
/* Shows a remark until the next key, or for some seconds; an error for longer. */
void ui_notice(struct ui *ui, bool is_error, const char *text);
/* The same of what comes by itself: an error that answers the user is not replaced at once. */
void ui_remark(struct ui *ui, bool is_error, const char *text);

/* ---- the composer ----------------------------------------------------------------------------------------------- */

/* What is typed, UTF-8, owned by ui and valid until the next call; *cursor is a byte offset, cursor may be NULL. */
const char *ui_typed(const struct ui *ui, size_t *size, size_t *cursor);
/* The same, but for a text that ui_borrow_typed made step back, which is it then. */
const char *ui_unsent(const struct ui *ui, size_t *size, size_t *cursor);
/* Sets a text before which what is typed steps back, until this one was sent or cleared. */
void ui_borrow_typed(struct ui *ui, const char *text, size_t size);
/* Replaces it; the cursor stands at its end. */
void ui_set_typed(struct ui *ui, const char *text, size_t size);
/* Moves the focus to the composer. */
void ui_compose(struct ui *ui);
/* What its frame says, e.g. "31 tokens · Enter sends"; mode: "editing message 3", or NULL. */
void ui_set_composer_label(struct ui *ui, const char *label, const char *mode);
/* Messages that wait to be sent, a row each above what is typed: what is said about it, and its beginning. */
enum { UI_QUEUED_MOST = 3 };
struct ui_queued {
    const char *about, *text;
};
void ui_set_queued(struct ui *ui, const struct ui_queued *rows, size_t n);
/* Remembers a message for Up. */
void ui_remember(struct ui *ui, const char *text);

/* What may stand where the user types. Tab puts a choice in, and so does Enter when the user moved to it. Otherwise
 * Enter sends what is typed. */
struct ui_choice {
    const char *word;   /* what it puts in; a blank follows unless it names a folder */
    const char *detail; /* what it is, in some words; may be NULL */
    const char *also;   /* other names by which it is found, separated by blanks; may be NULL */
    bool named;         /* Enter takes it as well when its beginning is typed, and no choice is typed whole */
    bool runs;          /* Enter, when it takes it, sends all that is typed then */
    int act;            /* positive: UI_CHOICE brings it, with the word as text, after it is put in */
};
/* Opens the menu above the composer for the word at bytes [start, cursor), with a title that may be NULL; typing on
 * filters it, and it closes when the word ends. asked: the user asked for it; then the only choice that begins with what is
 * typed is put in at once, and a menu that the user had closed opens again. */
void ui_set_menu(struct ui *ui, size_t start, const char *title, const struct ui_choice *choices, size_t n, bool asked);
/* Whether the menu is open for the word at start, and whether it may be: the user types, and has not closed it. */
bool ui_has_menu(const struct ui *ui, size_t start);
bool ui_wants_menu(const struct ui *ui, size_t start);
void ui_close_menu(struct ui *ui);

/* ---- popups ----------------------------------------------------------------------------------------------------- */

struct ui_span {
    size_t start, end; /* bytes [start, end) */
};
struct ui_item {
    const char *label;
    const char *detail;  /* dim, at the right or below; may be NULL */
    const char *command; /* UI_COMMAND's text when it is chosen, with act 0 */
    int act;             /* positive: a number of the program, which UI_CHOICE brings with a and b; 0: command runs */
    int64_t a, b;
    const char *group;           /* items of one group stand below its name; NULL: below none */
    const struct ui_span *marks; /* bytes of the label that stand out, where the program has found it */
    size_t n_marks;
};
enum ui_pick {
    UI_PICK_FILTERS, /* typing filters the items */
    UI_PICK_ASKS,    /* typing sends UI_QUERY, which ui_set_items answers */
    UI_PICK_PAIRS,   /* it filters, and labels and details are pairs, which stand in two columns where there is room */
};
/* Opens a list to choose from by typing a few letters. */
void ui_pick(struct ui *ui, const char *title, const struct ui_item *items, size_t n, enum ui_pick kind);
void ui_set_items(struct ui *ui, const struct ui_item *items, size_t n);
/* The same when more was found for what was typed already: the item that is selected stays so. */
void ui_add_items(struct ui *ui, const struct ui_item *items, size_t n);
/* Whether a popup is open that asks. */
bool ui_asks(const struct ui *ui);
/* Replaces what is typed in the popup. */
void ui_set_query(struct ui *ui, const char *text);
/* Opens a text to read. Stretches colour it: each up to byte end, in a role named as in theme files. */
struct ui_stretch {
    size_t end;
    const char *role;
};
void ui_view(struct ui *ui, const char *title, const char *text, size_t size, const struct ui_stretch *stretches,
             size_t n);
/* UI_PREVIEW tells which item is selected, as long as this list is open. */
void ui_tell_selected(struct ui *ui);
bool ui_has_popup(const struct ui *ui);

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
/* Answers UI_SETTING_TYPED: the value was taken, or trouble says what is wrong with it and it can be corrected. */
void ui_setting_typed(struct ui *ui, const char *trouble);
struct ui_candidate {
    const char *text;
    float before, after;    /* probabilities: by the model, with the settings */
    const char *removed_by; /* the setting that did; NULL: it was not removed */
    bool chosen;
};
/* The next token's candidates, the likeliest first; summary: "entropy 1.2 · 34 survive". */
void ui_set_candidates(struct ui *ui, const struct ui_candidate *list, size_t n, const char *summary);

/* A token; facts may have several lines. */
struct ui_token_details {
    const char *text, *facts, *settings;
    const struct ui_candidate *candidates;
    size_t n_candidates;
};
/* The token under the lens; NULL: there is none. */
void ui_set_token(struct ui *ui, const struct ui_token_details *details);
/* An answer waits, and this can be its next token; the lens opens and shows it. NULL: no answer waits. */
void ui_set_next(struct ui *ui, const struct ui_token_details *details);

/* ---- comparing -------------------------------------------------------------------------------------------------- */

enum { UI_COMPARED = 4 };
struct ui_compared {
    const char *label; /* how it was made: a model, settings */
    const char *text;
    size_t size;
    const char *about; /* "41 tokens · 147 t/s" */
    bool running;
};
/* Shows at most UI_COMPARED answers to one question side by side over the other panes, or how they have changed. n 0:
 * no longer. */
void ui_compare(struct ui *ui, const char *title, const struct ui_compared *sides, size_t n);

/* ---- beside the conversation ------------------------------------------------------------------------------------ */

/* Shows a question and its answer, which is to come, in an overlay, below those that are there already. */
void ui_beside_ask(struct ui *ui, const char *question);
/* Percent of the question that the model has read; -1: it does not read now. */
void ui_beside_read(struct ui *ui, int percent);
/* The last answer grows. */
void ui_beside_grow(struct ui *ui, const char *text, size_t size);
/* It has ended; about: "41 tokens · 147 t/s", or why. */
void ui_beside_end(struct ui *ui, const char *about);
/* Closes the overlay and forgets what was in it. */
void ui_beside_close(struct ui *ui);

/* ---- the map of a conversation ---------------------------------------------------------------------------------- */

struct ui_node {
    int64_t id, parent; /* parent 0: a first message */
    enum ui_speaker speaker;
    const char *label; /* how it begins */
    bool bookmarked;
};
/* What is told as UI_CHOICE: act go, a: the message to go to; act compare, a and b: two messages. leaf: the last message
 * that is shown now. */
struct ui_tree_acts {
    int64_t leaf;
    int go, compare;
};
/* Shows messages as a tree: parents before their children, siblings in their order. */
void ui_tree(struct ui *ui, const struct ui_node *nodes, size_t n, const struct ui_tree_acts *acts);
/* ---- sheets ----------------------------------------------------------------------------------------------------- */

/* A sheet is a screen of its own, in place of the chat's: a table, a list of what lies behind its selected row, and a page
 * to read that opens over both. The sheet knows what is selected and in view; the program says what a row reads and what
 * its keys do. */
struct ui_sheet;

struct ui_column {
    const char *heading;
    int width;  /* 0: as wide as its widest cell, for tables of a few rows; -1: all that is left */
    bool right; /* numbers stand at its right edge */
    bool stays; /* when there is no room for all columns; such columns come first */
};
struct ui_cell {
    char text[512];
    const char *role; /* named as in theme files; NULL: text */
};
/* A part of a sheet. What it points to must outlive the sheet, or the next call that sets the part. */
struct ui_rows {
    const char *title; /* above them; NULL: none */
    const char *empty; /* said when there are no rows */
    const struct ui_column *columns;
    size_t n_columns, n;
    void (*cell)(void *context, size_t row, size_t column, struct ui_cell *out); /* *out is empty when it comes */
    void *context;
};
enum ui_sheet_part { UI_SHEET_TABLE, UI_SHEET_LIST, UI_SHEET_PARTS };

/* A piece of a page. Those of one line of columns follow each other, and stand side by side where there is room. */
struct ui_block {
    const char *text;
    size_t size;
    const struct ui_stretch *stretches;
    size_t n_stretches;
    int column, columns; /* number column of so many, from 0; columns 1: it stands alone */
};

/* What the user does. Numbers from UI_SHEET_OWN on are the program's, see struct ui_sheet_key. */
enum {
    UI_SHEET_MOVED,     /* another row is selected */
    UI_SHEET_OPENED,    /* a row of the list was chosen */
    UI_SHEET_CLOSED,    /* the page, by the user */
    UI_SHEET_INTERRUPT, /* Ctrl-C */
    UI_SHEET_SUSPEND,   /* Ctrl-Z */
    UI_SHEET_OWN,
};
typedef void ui_sheet_act(void *context, int act);

/* A key of the program's. Hints stand in the last line, as many as there is room for. */
struct ui_sheet_key {
    const char *key; /* as in the file of keys: "w", "f1" */
    int act;
    const char *hint, *help; /* a word or two; a line of the table that ? shows. NULL: neither */
    bool rows, page;         /* where it holds */
};

/* Takes the terminal. The keys, (n), must outlive the sheet. NULL on failure, as ui_open. */
struct ui_sheet *ui_sheet_open(const struct ui_options *options, const struct ui_sheet_key *keys, size_t n,
                               struct error *err);
void ui_sheet_free(struct ui_sheet *s);
/* As ui_type, ui_tick, ui_timeout, ui_draw, ui_resize, ui_leave and ui_return. */
void ui_sheet_type(struct ui_sheet *s, const char *bytes, size_t size, ui_sheet_act *act, void *context);
void ui_sheet_tick(struct ui_sheet *s, ui_sheet_act *act, void *context);
int ui_sheet_timeout(const struct ui_sheet *s);
void ui_sheet_draw(struct ui_sheet *s);
void ui_sheet_resize(struct ui_sheet *s);
void ui_sheet_leave(struct ui_sheet *s);
void ui_sheet_return(struct ui_sheet *s);
/* The first line: what the sheet is about, and at its right how things are. */
void ui_sheet_set_head(struct ui_sheet *s, const char *title, const char *status);
/* Sets a part, or says that what it reads has changed. The selected row keeps its number. */
void ui_sheet_set_rows(struct ui_sheet *s, enum ui_sheet_part part, const struct ui_rows *rows);
size_t ui_sheet_selected(const struct ui_sheet *s, enum ui_sheet_part part);
void ui_sheet_select(struct ui_sheet *s, enum ui_sheet_part part, size_t row);
/* Opens a page, or changes it, which leaves it where it is scrolled to if its title stays the same; n 0 closes it. */
void ui_sheet_set_page(struct ui_sheet *s, const char *title, const struct ui_block *blocks, size_t n);
bool ui_sheet_has_page(const struct ui_sheet *s);
/* Asks in the last line: y or Enter tells `act`, any other key goes back. */
void ui_sheet_ask(struct ui_sheet *s, const char *question, int act);

/* ---- looks ------------------------------------------------------------------------------------------------------ */

/* Changes the theme; on failure it stays. */
enum error_code ui_set_theme(struct ui *ui, const char *name, struct error *err);
/* Asks the terminal for its background, now and whenever it changes, or no longer: see UI_GROUND. */
void ui_watch_ground(struct ui *ui, bool on);
/* Colours that the terminal has; 0: none. */
int ui_colors(const struct ui *ui);
const char *ui_theme(const struct ui *ui);
/* The names of all themes; NULL-terminated, one block that the caller frees. NULL when out of memory. */
char **ui_themes(const struct ui *ui);
/* The table of keys, by index from 0; false past the end. where: "anywhere", "transcript", "list", "settings", "lens".
 * help is NULL for a second key of the binding before. */
struct ui_binding {
    const char *where, *key, *command, *help;
};
bool ui_binding(const struct ui *ui, size_t index, struct ui_binding *out);
/* The first key that runs a command of the screen or a slash command of this name, without slash; NULL: none does. */
const char *ui_key_of(const struct ui *ui, const char *name);
/* The built-in table, for the manual; needs no screen. */
bool ui_default_binding(size_t index, struct ui_binding *out);
/* See text_width and text_centred. */
void ui_set_text_width(struct ui *ui, int width);
void ui_set_text_centred(struct ui *ui, bool centred);
/* Unfolds what a model thinks. */
void ui_set_think(struct ui *ui, bool show);
bool ui_shows_think(const struct ui *ui);

#endif
