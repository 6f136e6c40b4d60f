/* Compare: answers to one question side by side. */
#ifndef PALAVER_APP_SCREEN_COMPARE_H
#define PALAVER_APP_SCREEN_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_compare *screen_compare_new(void);
void screen_compare_free(struct screen_compare *compare);

/* Begins a comparison of what the arguments name: presets, models, settings. */
void screen_compare_begin(struct screen *s, const char *arguments, struct error *err);
/* One of the answers changed: it is drawn with the next frame. */
void screen_compare_changed(struct screen *s);
/* Keeps the answer of this side; those that are being written are stopped first. */
void screen_compare_keep(struct screen *s, size_t side);
/* Stops all of them; when none runs, leaves the comparison with the answer shown before. */
void screen_compare_leave(struct screen *s);
/* Before each frame: draws what changed, and ends the comparison once all have stopped for screen_compare_keep. */
void screen_compare_tick(struct screen *s);
/* True when the next screen_compare_tick has something to draw. */
bool screen_compare_due(const struct screen *s);

#endif
