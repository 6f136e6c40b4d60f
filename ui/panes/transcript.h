/* Transcript: the messages of a conversation, and which part of them is seen.
 *
 * Each concern has a part of its own, owned by its own file: messages.h (what there is), message-lines.h (lines of the
 * screen), view.h (which of them are seen; the selected message), matches.h (a search), lens-cursor.h (tokens),
 * selection.h (text selected with the mouse). Here are the calls that concern several of them. */
#ifndef PALAVER_UI_PANES_TRANSCRIPT_H
#define PALAVER_UI_PANES_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "ui/panes/lens-cursor.h"
#include "ui/panes/messages.h"
#include "ui/panes/pane.h"
#include "ui/panes/selection.h"
#include "ui/panes/view.h"
#include "ui/ui.h"

struct transcript;
extern const struct pane transcript_pane;

struct transcript *transcript_new(void);
void transcript_free(struct transcript *t);

/* The parts; owned by the transcript. To remove messages call transcript_cut, to start the lens transcript_set_lens. */
struct messages *transcript_messages(struct transcript *t);
struct view *transcript_view(struct transcript *t);
struct lens_cursor *transcript_lens(struct transcript *t);
struct selection *transcript_selection(struct transcript *t);

/* Removes message from and all after it, and what is known of them: matches, the selection. */
void transcript_cut(struct transcript *t, size_t from);
/* Looks: see ui_set_window, ui_set_welcome, ui_set_base, ui_set_think. */
void transcript_set_window(struct transcript *t, size_t index, size_t byte, const char *label);
/* Columns of text at most; 0: all there are. Lines of more are hard to read. */
void transcript_set_widest(struct transcript *t, int columns);
/* Whether narrower text stands in the middle of the pane. */
void transcript_set_centred(struct transcript *t, bool centred);
void transcript_set_welcome(struct transcript *t, const char *text);
void transcript_set_base(struct transcript *t, bool base);
void transcript_set_raw(struct transcript *t, bool raw);
bool transcript_is_raw(const struct transcript *t);
void transcript_set_think(struct transcript *t, bool show);
bool transcript_shows_think(const struct transcript *t);

/* Selects the last message in view, or the next (1) or previous (-1) message: see view.h. Its code blocks are copied
 * from the first on. */
void transcript_select_visible(struct transcript *t);
void transcript_select(struct transcript *t, int step);
/* Shows all of the selected message however long it is, or folds it again. */
void transcript_fold(struct transcript *t);

/* Matches of a search, which replace those there were. */
void transcript_set_matches(struct transcript *t, const struct ui_match *matches, size_t n);
/* Shows match number index; false when there is no such match or nothing was drawn yet. */
bool transcript_show_match(struct transcript *t, size_t index);
/* Shows the next (1) or previous (-1) match; false as above. */
bool transcript_step_match(struct transcript *t, int direction);

/* Answers as they are, tokens shaded, with a cursor on the last token of the selected answer. */
void transcript_set_lens(struct transcript *t, bool on);
/* Moves the cursor by tokens (see lens_cursor_move) and brings it into view. */
void transcript_move_lens(struct transcript *t, int step);
/* Puts it on a token of its answer (see lens_cursor_put), and likewise. */
void transcript_put_lens(struct transcript *t, size_t token);
/* An answer in view whose tokens are not known; the number of messages: none. */
size_t transcript_wants_tokens(const struct transcript *t);

/* An ended answer that was drawn and whose remarks are not known; the number of messages: none. */
size_t transcript_wants_marks(const struct transcript *t);

/* Appends the next code block of the selected message, from the first on when a message was just selected. *number,
 * from 1, is the block's of *of. False when the message has none or when out of memory. */
bool transcript_code(struct transcript *t, struct buf *code, size_t *number, size_t *of);

#endif
