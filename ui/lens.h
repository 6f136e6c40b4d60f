/* Lens: the token under the lens's cursor, and what it could have been instead. The cursor itself is the transcript's. */
#ifndef PALAVER_UI_LENS_H
#define PALAVER_UI_LENS_H

#include "ui/screen.h"
#include "ui/ui.h"

struct lens;

struct lens *lens_new(void);
void lens_free(struct lens *l);
/* NULL: there is no token under it. */
void lens_set(struct lens *l, const struct ui_token_details *d);
void lens_draw(struct lens *l, struct screen *s, const struct area *a, bool focus);
/* The alternative that is chosen: step moves it; false when there is none. */
bool lens_choose(struct lens *l, int step);
size_t lens_chosen(const struct lens *l);

#endif
