/* Composer edit: libedit on a terminal of its own, one key at a time.
 *
 * Some of libedit's commands read more keys themselves (searches, f, r, ^V), so it runs in a thread that is only ever awake
 * while edit_feed waits for it: between the calls nothing moves, and no locks are needed around them. Bytes that are not
 * UTF-8 and NUL stand in its wide text as U+DC00 + byte. */
#ifndef PALAVER_UI_PANES_COMPOSER_EDIT_H
#define PALAVER_UI_PANES_COMPOSER_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/error.h"

struct edit;

/* program: the name that ~/.editrc may address. NULL on failure. */
struct edit *edit_open(const char *program, struct error *err);
void edit_free(struct edit *e);

/* Hands libedit these characters and returns when it wants more. */
void edit_feed(struct edit *e, const wchar_t *keys, size_t n);
/* False while a command waits for the rest of its keys. */
bool edit_idle(const struct edit *e);
/* Gives such a command up. What libedit holds is undefined until edit_replace. */
void edit_abort(struct edit *e);

bool edit_is_vi(struct edit *e);
/* Whether vi keys are commands now; only while idle. */
bool edit_in_vi_command(struct edit *e);
/* Whether Alt and this character are bound in emacs mode. */
bool edit_binds_alt(const struct edit *e, wchar_t character);
/* Whether a key asked for the editor since the last call. */
bool edit_wants_editor(struct edit *e);

/* What is in the line, libedit's until the next call. */
const wchar_t *edit_line(struct edit *e, size_t *size, size_t *cursor);
/* Changes it; false without memory, the line is as it was. */
bool edit_replace(struct edit *e, const char *text, size_t size);
bool edit_insert(struct edit *e, const char *text, size_t size);
/* Leaves the kill buffer alone, other than libedit's own. */
bool edit_delete_before(struct edit *e, size_t n);
/* Moves the cursor to this wide character. */
void edit_move(struct edit *e, size_t cursor);
/* Adds to what libedit's own searches find. */
void edit_remember(struct edit *e, const char *text);

/* Appends wide characters as the bytes they stand for. */
bool edit_narrow(struct buf *out, const wchar_t *text, size_t n);

/* Keys of vi, which leaves its insert mode on the sequences of a terminal. */
enum { EDIT_LEFT = 0x81, EDIT_RIGHT, EDIT_HOME, EDIT_END, EDIT_DELETE };

#endif
