/* Composer: the message being written, edited by libedit.
 *
 * libedit knows nothing of the screen: it has a pseudo-terminal of its own and gets its characters from here, and the
 * text it holds is drawn from here. So the user's ~/.editrc, emacs and vi keys and the kill ring work as in other
 * programs. A message may have many lines (Alt-Enter, Ctrl-J, Shift-Enter, backslash-Enter, pasted text). Up and Down
 * move inside them; on the first and the last line they walk through earlier messages. Backspace removes a whole
 * cluster. A long paste is shown and edited as one thing, "[pasted 312 lines]"; it is text like any other in what is
 * sent, opened in an editor or remembered. */
#ifndef PALAVER_UI_PANES_COMPOSER_H
#define PALAVER_UI_PANES_COMPOSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/keys/key.h"

struct composer;

/* program: the name under which ~/.editrc can address it. NULL on failure. */
struct composer *composer_open(const char *program, struct error *err);
void composer_free(struct composer *c);

enum composer_result {
    COMPOSER_UNUSED,    /* not a key of the composer: page-up, f3, Alt keys that libedit does not bind (in vi: all) */
    COMPOSER_EDITED,    /* the text or the cursor changed, or nothing did */
    COMPOSER_SEND,      /* Enter: the text is whole */
    COMPOSER_COMPLETE,  /* Tab */
    COMPOSER_EDITOR,    /* Ctrl-X Ctrl-E, Ctrl-G: open the text in an editor */
    COMPOSER_ESCAPE,    /* Esc, where libedit has no use for it (in vi insert mode it goes to command mode first) */
    COMPOSER_INTERRUPT, /* Ctrl-C */
    COMPOSER_END,       /* Ctrl-D with nothing typed */
};
enum composer_result composer_key(struct composer *c, const struct key *key);

/* The text, UTF-8, owned by the composer and valid until the next call, with all that was pasted. *cursor is a byte
 * offset; cursor may be NULL. */
const char *composer_text(const struct composer *c, size_t *size, size_t *cursor);
/* Replaces the text; the cursor stands at its end, or with _at at an offset. False when out of memory. */
bool composer_set(struct composer *c, const char *text, size_t size);
bool composer_set_at(struct composer *c, const char *text, size_t size, size_t cursor);
/* Inserts at the cursor, after removing `replace` bytes before it (for completion). False when out of memory. */
bool composer_insert(struct composer *c, const char *text, size_t size, size_t replace);
/* Remembers a message that was sent (or cleared) for Up; the same one twice in a row only once. */
void composer_remember(struct composer *c, const char *text);

/* The text as it is shown, with a label in place of a long paste; valid until the next call. Lines and offsets below
 * are those of this text. */
const char *composer_shown(const struct composer *c, size_t *size);
/* Lines that the text takes in so many columns, at least 1. The last column is left free for the cursor. */
int composer_lines(const struct composer *c, int columns);
/* Line number line, from 0, as bytes [*start, *end) of the text; false past the last. */
bool composer_line(const struct composer *c, int columns, int line, size_t *start, size_t *end);
/* Where the cursor stands: line and column of the screen. */
void composer_cursor(const struct composer *c, int columns, int *line, int *column);
/* The byte offset at a line and column, for the mouse. */
size_t composer_offset(const struct composer *c, int columns, int line, int column);
/* Moves the cursor to a byte offset, or behind the label that it divides. */
void composer_move(struct composer *c, size_t offset);

#endif
