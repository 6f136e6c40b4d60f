/* Lens: how the tokens of an answer came about. */
#ifndef PALAVER_APP_SCREEN_LENS_H
#define PALAVER_APP_SCREEN_LENS_H

#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_lens *screen_lens_new(void);
void screen_lens_free(struct screen_lens *lens);

/* The shade of a token that had this probability: steps of surprise, 7 from one half up, 0 below one in 400. */
uint8_t screen_lens_shade(float probability);

/* Gives ui the tokens of message index, none when there is no record of them. */
void screen_lens_show_tokens(struct screen *s, size_t index, struct error *err);
/* Shows what is known of one of them; the lens is there from now on. */
void screen_lens_show_token(struct screen *s, size_t index, size_t token, struct error *err);
/* Continues with one of its alternatives instead; -1: with one drawn again. */
void screen_lens_fork(struct screen *s, size_t index, size_t token, int alternative, struct error *err);
/* Takes the settings that were in force at the token under the lens. */
void screen_lens_take_settings(struct screen *s, struct error *err);

#endif
