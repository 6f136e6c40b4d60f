/* Send: messages that are answered now, or as soon as the model is loaded. */
#ifndef PALAVER_APP_CHAT_SEND_H
#define PALAVER_APP_CHAT_SEND_H

#include "app/chat/chat.h"
#include "base/error.h"

/* Asks for an answer to the messages as they are. */
enum error_code chat_ask_or_wait(struct chat *c, struct error *err);
/* The model is loaded: asks for the answer that waits for it, if any. */
void chat_ask_waiting(struct chat *c);
/* Sends the first message that waits, if an answer has ended by itself. */
void chat_send_queued(struct chat *c);

#endif
