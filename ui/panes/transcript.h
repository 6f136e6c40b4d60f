/* Transcript: the messages of a conversation, and which part of them is seen.
 *
 * Ten thousand messages are usual for an imported conversation: a message becomes lines only when it is near the view, and
 * those far from it are let go of. The view stays on the line that it shows, whatever arrives below and whatever the width
 * becomes, unless it follows the end. */
#ifndef PALAVER_UI_PANES_TRANSCRIPT_H
#define PALAVER_UI_PANES_TRANSCRIPT_H

#include "base/buf.h"
#include "ui/draw/canvas.h"
#include "ui/ui.h"

struct transcript;

struct transcript *transcript_new(void);
void transcript_free(struct transcript *t);

bool transcript_add(struct transcript *t, const struct ui_message *m);
bool transcript_grow(struct transcript *t, size_t index, const char *text, size_t size);
bool transcript_change(struct transcript *t, size_t index, const struct ui_message *m);
/* text is clean. */
bool transcript_mark(struct transcript *t, size_t index, uint32_t at, const char *text);
void transcript_cut(struct transcript *t, size_t from);
size_t transcript_count(const struct transcript *t);
void transcript_set_window(struct transcript *t, size_t index, const char *label);
void transcript_set_base(struct transcript *t, bool base);
void transcript_set_raw(struct transcript *t, bool raw);
bool transcript_is_raw(const struct transcript *t);
void transcript_set_think(struct transcript *t, bool show);
bool transcript_shows_think(const struct transcript *t);
void transcript_set_matches(struct transcript *t, const struct ui_match *matches, size_t n);

/* Draws into the area; focus: the selected message is marked. */
void transcript_draw(struct transcript *t, struct canvas *s, const struct area *a, bool focus);

/* The view. Calls before the first drawing do nothing but for transcript_end. */
void transcript_scroll(struct transcript *t, int lines);
void transcript_page(struct transcript *t, int halves);
void transcript_home(struct transcript *t);
void transcript_end(struct transcript *t);
bool transcript_follows(const struct transcript *t);
void transcript_show(struct transcript *t, size_t index);
/* To the next (1) or previous (-1) match; false when there is none. */
bool transcript_match(struct transcript *t, int direction);
bool transcript_show_match(struct transcript *t, size_t index);

/* The message that keys act on: the last one on the screen when the focus comes. */
void transcript_focus(struct transcript *t);
void transcript_select(struct transcript *t, int step);
/* The one at a row of the area last drawn. */
void transcript_select_row(struct transcript *t, int row);
/* Its index; transcript_count when there is none. */
size_t transcript_selected(const struct transcript *t);
const char *transcript_text(const struct transcript *t, size_t index, size_t *size);
int64_t transcript_id(const struct transcript *t, size_t index);
/* Appends the next code block of the selected message, from the first on the first call; false when it has none. */
bool transcript_code(struct transcript *t, struct buf *code, size_t *number, size_t *of);

/* The lens: answers as they are, their tokens shaded, with a cursor on one of them. */
void transcript_set_lens(struct transcript *t, bool on);
bool transcript_has_lens(const struct transcript *t);
bool transcript_set_tokens(struct transcript *t, size_t index, const struct ui_token *tokens, size_t n);
/* An answer near the view whose tokens are not known; transcript_count: none. */
size_t transcript_wants_tokens(const struct transcript *t);
void transcript_lens_move(struct transcript *t, int step);
/* To the last token of all. */
void transcript_lens_end(struct transcript *t);
bool transcript_lens_at_end(struct transcript *t);
/* The token under the cursor; false when there is none. */
bool transcript_lens_at(struct transcript *t, size_t *block, size_t *token);

/* Selecting text with the mouse: rows and columns of the area last drawn. */
void transcript_drag_begin(struct transcript *t, int row, int column);
void transcript_drag(struct transcript *t, int row, int column);
/* The text selected, malloc'ed; NULL when there is none. */
bool transcript_has_drag(const struct transcript *t);
char *transcript_drag_text(struct transcript *t);
void transcript_drag_clear(struct transcript *t);

#endif
