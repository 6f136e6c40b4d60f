/* Lens cursor: the walk over the tokens of answers, and the shades in which they are shown. */
#ifndef PALAVER_UI_PANES_LENS_CURSOR_H
#define PALAVER_UI_PANES_LENS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/panes/messages.h"

struct lens_cursor;

/* messages must outlive the cursor. */
struct lens_cursor *lens_cursor_new(const struct messages *messages);
void lens_cursor_free(struct lens_cursor *c);
/* Puts it on the last token of the answer that is message selected, or of the answer before that message. */
void lens_cursor_start(struct lens_cursor *c, size_t selected);
/* Takes it away. */
void lens_cursor_stop(struct lens_cursor *c);
/* To the last token of all. */
void lens_cursor_end(struct lens_cursor *c);
bool lens_cursor_is_at_end(struct lens_cursor *c);
/* To the next (1) or previous (-1) token, from one answer to another too; false when there is none. Another answer
 * whose tokens are not known yet counts as having some. */
bool lens_cursor_move(struct lens_cursor *c, int step);
/* To a token of the answer that it is in; SIZE_MAX: the last. */
void lens_cursor_put(struct lens_cursor *c, size_t token);
/* The token that it is on; false when there is none. */
bool lens_cursor_at(struct lens_cursor *c, size_t *message, size_t *token);
/* Where that token begins in its message, in bytes. */
uint32_t lens_cursor_byte(const struct lens_cursor *c);
/* How many of size bytes of a message, from byte source on, have one shade: *style is it then, else unchanged. */
size_t lens_cursor_shade(const struct lens_cursor *c, size_t message, size_t source, size_t size, unsigned *style);
/* An answer near message first whose tokens are not known; the number of messages: none. */
size_t lens_cursor_wants(const struct lens_cursor *c, size_t first);

#endif
