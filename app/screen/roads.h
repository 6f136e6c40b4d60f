/* Roads: another continuation of an answer from one of its tokens; the old answer stays beside it. */
#ifndef PALAVER_APP_SCREEN_ROADS_H
#define PALAVER_APP_SCREEN_ROADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_roads *screen_roads_new(void);
void screen_roads_free(struct screen_roads *roads);

/* Continues message index with the token id (-1: one drawn again) in place of token number token, from 0. An answer
 * that waits is stopped first. */
void screen_roads_take(struct screen *s, size_t index, size_t token, int32_t id, struct error *err);
/* Has the user type words for that place; token SIZE_MAX: after the last one. */
void screen_roads_begin_words(struct screen *s, size_t index, size_t token, struct error *err);
/* Continues with the words that were typed, text[0..size). */
void screen_roads_send_words(struct screen *s, const char *text, size_t size, struct error *err);
/* True while an answer is being stopped for the sake of another road. */
bool screen_roads_wait(const struct screen *s);
/* An answer ended: takes the road that waited for it. */
void screen_roads_resume(struct screen *s, struct error *err);

#endif
