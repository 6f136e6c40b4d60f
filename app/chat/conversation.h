/* Conversation: going from one conversation to another. */
#ifndef PALAVER_APP_CHAT_CONVERSATION_H
#define PALAVER_APP_CHAT_CONVERSATION_H

#include <stdint.h>

#include "app/chat/chat.h"
#include "base/error.h"

/* Opens a conversation of home_store; everything is saved. On failure the chat stays where it is. */
enum error_code chat_enter(struct chat *c, int64_t conversation, struct error *err);
/* Opens what --continue or --resume name, if anything. */
enum error_code chat_resume(struct chat *c, struct error *err);

#endif
