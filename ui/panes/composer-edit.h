/* Composer edit: libedit on a terminal of its own, one key at a time.
 *
 * Some of libedit's commands read more keys themselves (searches, f, r, ^V), so it runs in a thread, which is awake
 * only while edit_feed waits for it. Between calls nothing moves, so calls need no lock. Bytes that are not UTF-8, and
 * NUL, are U+DC00 + byte in its wide text. */
#ifndef PALAVER_UI_PANES_COMPOSER_EDIT_H
#define PALAVER_UI_PANES_COMPOSER_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/error.h"

struct edit;

/* program: the name under which ~/.editrc can address it. NULL on failure. */
struct edit *edit_open(const char *program, struct error *err);
void edit_free(struct edit *e);

/* Gives libedit these characters and returns when it wants more. */
void edit_feed(struct edit *e, const wchar_t *keys, size_t n);
/* False while a command waits for more keys. */
bool edit_idle(const struct edit *e);
/* Gives up such a command. The text is undefined until edit_replace. */
void edit_abort(struct edit *e);

/* Whether libedit is in vi mode. */
bool edit_is_vi(struct edit *e);
/* Whether keys are vi commands now; to be asked only while idle. */
bool edit_in_vi_command(struct edit *e);
/* Whether emacs mode binds Alt and this character. */
bool edit_binds_alt(const struct edit *e, wchar_t character);
/* Whether a key asked for the editor since the last call. */
bool edit_wants_editor(struct edit *e);

/* The text and the cursor, in wide characters; owned by libedit, valid until the next call. */
const wchar_t *edit_line(struct edit *e, size_t *size, size_t *cursor);
/* Replaces the text, or inserts at the cursor. False when out of memory; the text is unchanged then. */
bool edit_replace(struct edit *e, const char *text, size_t size);
bool edit_insert(struct edit *e, const char *text, size_t size);
bool edit_insert_character(struct edit *e, wchar_t character);
/* Copies the text and the cursor, or makes them as they were in a copy. False when out of memory; *out, or the text, is
 * unchanged then. */
struct edit_copy {
    wchar_t *text; /* malloc'ed, NUL-terminated; NULL: there is none */
    size_t size, cursor;
};
bool edit_copy(struct edit *e, struct edit_copy *out);
bool edit_restore(struct edit *e, const struct edit_copy *copy);
/* Deletes n wide characters before the cursor; unlike libedit's own commands it leaves the kill buffer alone. */
bool edit_delete_before(struct edit *e, size_t n);
/* Moves the cursor to this wide character. */
void edit_move(struct edit *e, size_t cursor);
/* Adds a message to what libedit's searches look through. */
void edit_remember(struct edit *e, const char *text);

/* Appends wide characters as the bytes that they stand for, those above Unicode as a control character, with which
 * nothing combines. False when out of memory. */
bool edit_narrow(struct buf *out, const wchar_t *text, size_t n);

/* Cursor keys for vi mode, where the sequences of a terminal would leave insert mode. */
enum { EDIT_LEFT = 0x81, EDIT_RIGHT, EDIT_HOME, EDIT_END, EDIT_DELETE };

#endif
