/* Frame: when the screen is drawn. While text streams, at most sixty times a second. */
#ifndef PALAVER_APP_SCREEN_FRAME_H
#define PALAVER_APP_SCREEN_FRAME_H

#include <stdbool.h>

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_frame *screen_frame_new(void);
void screen_frame_free(struct screen_frame *frame);

/* Draws what changed, if a frame is due. */
void screen_frame_tick(struct screen *s);
/* Draws what changed now: the user sees what a key does at once. */
void screen_frame_draw(struct screen *s);
/* Has the next screen_frame_tick draw, however young the last frame is. */
void screen_frame_hurry(struct screen *s);
/* Milliseconds until a frame is due; -1: nothing changed. */
int screen_frame_due(const struct screen *s);
/* Whether something has changed and the next frame is not due yet: what comes meanwhile need not be taken before it is. */
bool screen_frame_holds(const struct screen *s);

#endif
