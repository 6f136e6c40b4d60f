/* Composer: what the text being typed is for (a message, an edit, words inside an answer), and the label that says
 * so. */
#ifndef PALAVER_APP_SCREEN_COMPOSER_H
#define PALAVER_APP_SCREEN_COMPOSER_H

#include <stddef.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_composer *screen_composer_new(void);
void screen_composer_free(struct screen_composer *composer);

enum screen_use {
    USE_MESSAGE, /* it is sent */
    USE_EDIT,    /* it becomes another text of a message */
    USE_WORDS,   /* the answer continues with it */
};
/* index, token: the message, and for USE_WORDS the token whose place the words take; either may be NULL. */
enum screen_use screen_composer_use(const struct screen *s, size_t *index, size_t *token);

/* Begins an edit of message index, counted from 0. What was typed comes back when it ends. */
enum error_code screen_composer_edit(struct screen *s, size_t index, struct error *err);
/* Has the user type words in place of a token. before[0..size) is the message up to there, NUL-terminated after the
 * rest of its text. */
void screen_composer_begin_words(struct screen *s, size_t index, size_t token, const char *before, size_t size);
/* Ends either, with the text typed before. */
void screen_composer_end(struct screen *s);

/* Counts what is typed and labels the composer. */
void screen_composer_label(struct screen *s);
/* The text changed: the label follows, a moment later when the text is long. */
void screen_composer_changed(struct screen *s);
void screen_composer_tick(struct screen *s);
/* Milliseconds until screen_composer_tick has something to do; -1: nothing. */
int screen_composer_due(const struct screen *s);

#endif
