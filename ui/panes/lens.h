/* Lens: the token under the lens's cursor, and what it could have been instead. The cursor itself is the transcript's. */
#ifndef PALAVER_UI_PANES_LENS_H
#define PALAVER_UI_PANES_LENS_H

#include "ui/draw/canvas.h"
#include "ui/ui.h"

struct lens;

struct lens *lens_new(void);
void lens_free(struct lens *l);
/* NULL: there is no token under it. */
void lens_set(struct lens *l, const struct ui_token_details *d);
/* What the token after the last may be, while an answer waits for it; NULL: none does. The lens goes there. */
void lens_set_next(struct lens *l, const struct ui_token_details *d);
bool lens_has_next(const struct lens *l);
/* Whether the lens stands there; false takes it off. */
bool lens_is_next(const struct lens *l);
void lens_go_next(struct lens *l, bool there);
void lens_draw(struct lens *l, struct canvas *s, const struct area *a, bool focus);
/* The alternative that is chosen: step moves it; false when there is none. */
bool lens_choose(struct lens *l, int step);
size_t lens_chosen(const struct lens *l);

#endif
