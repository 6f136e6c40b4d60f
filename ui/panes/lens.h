/* Lens: the token under the cursor that walks over an answer's tokens, and what it could have been instead.
 *
 * The cursor itself belongs to the transcript (lens-cursor.h). */
#ifndef PALAVER_UI_PANES_LENS_H
#define PALAVER_UI_PANES_LENS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct lens;
extern const struct pane lens_pane;

struct lens *lens_new(void);
void lens_free(struct lens *l);
/* The token under the cursor; NULL: none. */
void lens_set(struct lens *l, const struct ui_token_details *d);
/* What the token after the last one can be, while an answer waits for it; the lens shows that then. NULL: none
 * waits. */
void lens_set_next(struct lens *l, const struct ui_token_details *d);
bool lens_has_next(const struct lens *l);
/* Whether no answer waits any more since the last call, so that the token under the cursor has to be asked for
 * again. */
bool lens_take_stale(struct lens *l);
/* Whether the lens shows the token to come rather than the one under the cursor. */
bool lens_is_next(const struct lens *l);
/* Shows the token to come, if there is one, or the one under the cursor. */
void lens_go_next(struct lens *l, bool there);
/* Selects the next (1) or previous (-1) alternative; past an end it continues at the other. */
void lens_choose(struct lens *l, int step);
/* The selected alternative: its index among the candidates. */
size_t lens_chosen(const struct lens *l);

#endif
