/* Step: an answer token by token. While it waits, the lens shows what its next token may be. */
#ifndef PALAVER_APP_SCREEN_STEP_H
#define PALAVER_APP_SCREEN_STEP_H

#include "app/chat/chat.h"
#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_step *screen_step_new(void);
void screen_step_free(struct screen_step *step);

/* "on", "off", or "" for the other one. */
void screen_step_set(struct screen *s, const char *arguments, struct error *err);
/* The answer waits, and no longer does. */
void screen_step_begin(struct screen *s, const struct event *event);
void screen_step_end(struct screen *s);
/* Continues the answer that waits with a candidate; -1: with what is drawn. */
void screen_step_choose(struct screen *s, int candidate, struct error *err);

#endif
