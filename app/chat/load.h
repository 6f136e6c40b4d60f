/* Load: models that come and go. */
#ifndef PALAVER_APP_CHAT_LOAD_H
#define PALAVER_APP_CHAT_LOAD_H

#include "app/chat/chat.h"
#include "base/error.h"
#include "engine/engine.h"

/* Starts loading the model that the chat begins with: the resumed conversation's, unless one was named or it is
 * gone. */
enum error_code chat_load_first(struct chat *c, struct error *err);
/* Takes an event of the model that is loading. */
void chat_take_loading(struct chat *c, const struct event *event);

#endif
