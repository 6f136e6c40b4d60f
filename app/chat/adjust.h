/* Adjust: what the settings of a chat are, for the requests it makes. */
#ifndef PALAVER_APP_CHAT_ADJUST_H
#define PALAVER_APP_CHAT_ADJUST_H

#include "app/chat/chat.h"
#include "engine/engine.h"

/* The settings that the worker gets for the answer under way, the last message: with its seed, the template's stop
 * strings, and the tokens that are left. */
struct sampling chat_request_sampling(const struct chat *c);

#endif
