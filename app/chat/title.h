/* Title: how a model is asked for the title of a conversation, and whether what it says is one.
 *
 * Small models answer with a sentence, with quotes around it, with the question or with nonsense: what is not a short
 * line of words is refused, and the conversation keeps the title it has. */
#ifndef PALAVER_APP_CHAT_TITLE_H
#define PALAVER_APP_CHAT_TITLE_H

#include <stdbool.h>

#include "base/error.h"
#include "engine/engine.h"

#define TITLE_TOKENS 24 /* enough for a title; an answer that is cut off there is not one */
#define TITLE_BYTES 256 /* for the 60 characters that a title may have, and a NUL */

/* The prompt that asks for the title of a conversation that begins so. prompt_free it. */
enum error_code title_render(const struct chat_template *t, const struct tokenizer *tokenizer, const char *question,
                             const char *answer, struct prompt *out, struct error *err);
/* Makes a title of what the model said: the first line, without quotes and marks, and without a subtitle if it is too
 * long. False when that is not a title. ended: the model ended by itself. The conversation begins with question and
 * answer; a title that repeats their beginning is none. */
bool title_clean(const char *said, bool ended, const char *question, const char *answer, char out[TITLE_BYTES]);

#endif
