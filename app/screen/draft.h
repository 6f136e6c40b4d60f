/* Draft: a message that is not sent yet is kept with its conversation. */
#ifndef PALAVER_APP_SCREEN_DRAFT_H
#define PALAVER_APP_SCREEN_DRAFT_H

#include <stdbool.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_draft *screen_draft_new(void);
void screen_draft_free(struct screen_draft *draft);

/* Shows the draft of the open conversation. */
void screen_draft_load(struct screen *s);
/* Stores what is typed, if it changed and is a message. */
enum error_code screen_draft_save(struct screen *s, struct error *err);
/* What is typed changed; at_once: it was sent, so the draft is stored in the next turn of the loop. */
void screen_draft_changed(struct screen *s, bool at_once);
/* When another conversation was opened, its draft replaces what was typed, which is kept with the one it belongs to. */
void screen_draft_follow(struct screen *s);
/* Follows the chat into another conversation, and stores what is due. */
void screen_draft_tick(struct screen *s);
/* Milliseconds until screen_draft_tick has something to store; -1: nothing. */
int screen_draft_due(const struct screen *s);

#endif
