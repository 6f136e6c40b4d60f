/* Token: tokens, candidates and settings as short texts for the panes. */
#ifndef PALAVER_APP_SCREEN_TOKEN_H
#define PALAVER_APP_SCREEN_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "engine/engine.h"

enum { TOKEN_TEXT = 48 }; /* bytes of a token's text, with its NUL */

/* The same of a text, size bytes. */
void screen_token_write_text(const char *text, size_t size, char *out, size_t most);
/* A token as text, blanks made visible; one that is no text by itself as the vocabulary spells it. */
void screen_token_write(const struct screen *s, int32_t id, char *out, size_t size);
/* The event's candidates, SAMPLING_CANDIDATES at most, as rows whose texts are in words. Returns their number; 0
 * while no model is loaded. */
size_t screen_token_rows(const struct screen *s, const struct event *event, struct ui_candidate *rows,
                         char (*words)[TOKEN_TEXT]);
/* "settings here: temperature 0.8 ...", those that have an effect. */
void screen_token_write_settings(const struct sampling *sampling, char *out, size_t size);

#endif
