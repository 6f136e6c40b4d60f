/* Edit: putting an alternative in the place of a message and all below it. */
#ifndef PALAVER_APP_CHAT_EDIT_H
#define PALAVER_APP_CHAT_EDIT_H

#include <stddef.h>

#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "base/error.h"

/* Takes messages from index on out into old, and puts one with this text, of the same role, in their place, as the next
 * alternative. On failure nothing changes. */
enum error_code chat_replace_from(struct chat *c, size_t index, const char *text, size_t size, struct chat_list *old,
                                  struct error *err);
/* What took the place of the messages from n on can't be asked: puts the old ones back. */
void chat_put_back(struct chat *c, size_t n, struct chat_list *old);

#endif
