/* By the way: questions beside the conversation, which leave no trace.
 *
 * What is asked and answered here is in no message, record or cache, and the answer that is being written meanwhile is the
 * same as without: a guest of the engine answers (speaker_guest), from what the model has read already, and takes turns
 * with that answer token by token. It sees the conversation as it stood when the first question was asked, the part of an
 * answer under way included, then the questions and answers that came since. Owned by the front end. */
#ifndef PALAVER_APP_CHAT_BTW_H
#define PALAVER_APP_CHAT_BTW_H

#include <stdbool.h>
#include <stddef.h>

#include "app/chat/chat.h"
#include "base/error.h"
#include "engine/engine.h"

struct btw;

/* Asks the chat's model, with the settings in force. The chat must outlive it, and keep its model while btw_runs. NULL
 * on failure: ERR_NOT_FOUND without a model, ERR_BUSY while one loads or answers are compared, ERR_UNSUPPORTED in a text
 * that is continued, ERR_CONTEXT when the question does not fit. */
struct btw *btw_ask(struct chat *c, const char *question, struct error *err);
/* Asks another question after those before; ERR_BUSY while btw_runs. */
enum error_code btw_ask_again(struct btw *b, const char *question, struct error *err);
/* Stops what runs and forgets all of it. NULL is fine. */
void btw_free(struct btw *b);

/* Readable when btw_handle has something to do; -1 when nothing can come. NULL is fine, here and below. */
int btw_fd(const struct btw *b);
/* Takes what came. */
void btw_handle(struct btw *b);
bool btw_runs(const struct btw *b);
/* Stops the answer, keeping what was said. */
void btw_stop(struct btw *b);

/* Percent of the question, and of what precedes it, that the model has read; -1: it does not read now. */
int btw_reading(const struct btw *b);

/* The answer to the last question so far. */
const struct buf *btw_answer(const struct btw *b);
/* How it ended, once it does not run: by error, if there is one. */
struct btw_end {
    enum finish finish;
    struct timings timings;
    struct error error; /* code ERR_NONE: none */
};
const struct btw_end *btw_end(const struct btw *b);

#endif
