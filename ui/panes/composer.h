/* Composer: the message that is being written, edited by libedit.
 *
 * libedit knows nothing of the screen: it talks to a pseudo-terminal of its own, gets its characters from here, and what it
 * holds is drawn from here. So the user's ~/.editrc, emacs and vi keys and the kill ring work as everywhere. A message may
 * hold many lines (Alt-Enter, Ctrl-J, Shift-Enter, backslash-Enter, pasted text); Up and Down move inside them, on the first
 * and last line they walk through what was sent before. Backspace removes a whole cluster. */
#ifndef PALAVER_UI_PANES_COMPOSER_H
#define PALAVER_UI_PANES_COMPOSER_H

#include "base/error.h"
#include "ui/keys/key.h"

struct composer;

/* program: the name that ~/.editrc may address. NULL on failure. */
struct composer *composer_open(const char *program, struct error *err);
void composer_free(struct composer *c);

enum composer_result {
    COMPOSER_UNUSED,   /* not a key of the composer (page-up, f3, alt keys that libedit does not bind, all of them in vi, …) */
    COMPOSER_EDITED,   /* the text or the cursor changed, or nothing did */
    COMPOSER_SEND,     /* Enter: the text is whole */
    COMPOSER_COMPLETE, /* Tab */
    COMPOSER_EDITOR,   /* Ctrl-X Ctrl-E, Ctrl-G: open the text in an editor */
    COMPOSER_ESCAPE,   /* Esc, where libedit has no use for it (in vi insert mode it goes to command mode first) */
    COMPOSER_INTERRUPT, /* Ctrl-C */
    COMPOSER_END,      /* Ctrl-D with nothing typed */
};
enum composer_result composer_key(struct composer *c, const struct key *key);

/* The text, UTF-8, the composer's until the next call; *cursor (may be NULL) is a byte offset. */
const char *composer_text(const struct composer *c, size_t *size, size_t *cursor);
/* Puts text in place of what is there, the cursor at its end (or at an offset with _at). */
bool composer_set(struct composer *c, const char *text, size_t size);
bool composer_set_at(struct composer *c, const char *text, size_t size, size_t cursor);
/* Inserts at the cursor; replace is how many bytes before the cursor go first (completion). */
bool composer_insert(struct composer *c, const char *text, size_t size, size_t replace);
/* Remembers a message that was sent (or cleared) for Up; the newest last, equal neighbours once. */
void composer_remember(struct composer *c, const char *text);

/* Lines that the text takes in this many columns (at least 1); the last column is left free for the cursor. */
int composer_lines(const struct composer *c, int columns);
/* Line number line (from 0) as bytes [*start, *end) of the text; false past the last. */
bool composer_line(const struct composer *c, int columns, int line, size_t *start, size_t *end);
/* Where the cursor stands: line and column (of the screen). */
void composer_cursor(const struct composer *c, int columns, int *line, int *column);
/* The byte offset at a line and column; for the mouse. */
size_t composer_offset(const struct composer *c, int columns, int line, int column);
void composer_move(struct composer *c, size_t cursor);

#endif
