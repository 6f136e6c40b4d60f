/* Title: how a model is asked for the title of a conversation, and whether what it says is one.
 *
 * Small models answer with a sentence, with quotes around it, with the question or with nonsense: what is not a short
 * line of words is refused, and the conversation keeps the title it has. */
#ifndef PALAVER_APP_CHAT_TITLE_H
#define PALAVER_APP_CHAT_TITLE_H

#include <stdbool.h>

#include "base/buf.h"

#define TITLE_TOKENS 24 /* enough for a title; an answer that is cut off there is not one */
#define TITLE_BYTES 256 /* for the 60 characters that a title may have, and a NUL */

/* What the model is told to be, and the most bytes of its task. */
#define TITLE_SYSTEM "You write short titles."
#define TITLE_TASK_MOST 2000
/* Appends the task that asks for the title of a conversation that begins so. */
void title_write_task(struct buf *out, const char *question, const char *answer);
/* Makes a title of what the model said: the first line, without quotes and marks, and without a subtitle if it is too
 * long; what it thought before is passed over. False when that is not a title. ended: the model ended by itself. The
 * conversation begins with question and answer; a title that repeats their beginning is none. */
bool title_clean(const char *said, bool ended, const char *question, const char *answer, char out[TITLE_BYTES]);

#endif
