/* Send: what happens to the text in the composer when Enter is pressed. */
#ifndef PALAVER_APP_SCREEN_SEND_H
#define PALAVER_APP_SCREEN_SEND_H

#include <stdbool.h>
#include <stddef.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* Reads the messages sent before, for Up, which needs s->ui. NULL when out of memory. */
struct screen_send *screen_send_new(struct screen *s);
void screen_send_free(struct screen_send *send);

/* Sends text[0..size): a message, a slash command, an edit, words inside an answer. What cannot be sent now stays
 * typed. */
void screen_send_typed(struct screen *s, const char *text, size_t size);
/* Runs the slash command that a key or an item stands for, and shows what it says. */
void screen_send_slash(struct screen *s, const char *line);
/* Attaches what /read --about has found, if it has. */
void screen_send_tick(struct screen *s);
/* Stores the edited answer beside the old one; resume: the model continues from its end. */
void screen_send_edited(struct screen *s, bool resume, struct error *err);
/* Puts what a command left to be typed into the composer. */
void screen_send_take_draft(struct screen *s);

#endif
