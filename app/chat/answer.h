/* Answer: asking the model for an answer to the messages as they are. */
#ifndef PALAVER_APP_CHAT_ANSWER_H
#define PALAVER_APP_CHAT_ANSWER_H

#include "app/chat/chat.h"
#include "base/error.h"

/* Asks for an answer; the last message is the user's, or an answer to continue. A model is loaded. On failure nothing
 * was stored or added. */
enum error_code chat_ask(struct chat *c, struct error *err);
/* Tells the view how much the model no longer sees. */
void chat_tell_window(const struct chat *c);
/* The last message, which was to be answered, can't be: one just sent is taken out, others stay as they are stored. */
void chat_refuse(struct chat *c, const struct error *err);

#endif
