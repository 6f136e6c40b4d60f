/* Reload: making the messages equal to a path in the history. */
#ifndef PALAVER_APP_CHAT_RELOAD_H
#define PALAVER_APP_CHAT_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "base/error.h"
#include "history/history.h"

/* Appends the messages of these ids (n) to a list. */
enum error_code chat_load_messages(struct store *s, const int64_t *ids, size_t n, struct chat_list *out,
                                   struct error *err);
/* Makes the messages those of the conversation's current path; those that both have stay. Tells the view. */
enum error_code chat_reload(struct chat *c, struct error *err);
/* Whether another program added messages to what the chat holds, or is writing its last message. */
bool chat_is_longer_elsewhere(const struct chat *c);

#endif
