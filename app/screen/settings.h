/* Settings: the pane of sampling settings, and what they make of the next token. */
#ifndef PALAVER_APP_SCREEN_SETTINGS_H
#define PALAVER_APP_SCREEN_SETTINGS_H

#include "app/screen/parts.h"
#include "base/error.h"
#include "engine/engine.h"

/* NULL when out of memory. */
struct screen_settings *screen_settings_new(void);
void screen_settings_free(struct screen_settings *settings);

/* After something may have changed them: shows them, marks the change in an answer that streams, and asks what they
 * make of the next token. */
void screen_settings_changed(struct screen *s);
/* Moves a setting by steps of its slider. */
void screen_settings_step(struct screen *s, const char *name, int steps, struct error *err);
/* Moves it to a position of its slider, 0 to 1. */
void screen_settings_drag(struct screen *s, const char *name, double position, struct error *err);
/* Back to what is built in. */
void screen_settings_reset(struct screen *s, const char *name, struct error *err);
/* Sets it to what was typed; "" for a number resets it. The pane is told the outcome. */
void screen_settings_type(struct screen *s, const char *name, const char *typed);

/* The candidates of a token that was chosen, or of the next one. */
void screen_settings_show_candidates(struct screen *s, const struct event *event);
/* There are none for the place where the conversation is. */
void screen_settings_no_candidates(struct screen *s);

#endif
