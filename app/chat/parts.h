/* Parts: what a conversation has beside its place in the history and the one who answers. */
#ifndef PALAVER_APP_CHAT_PARTS_H
#define PALAVER_APP_CHAT_PARTS_H

#include "app/chat/chat.h"
#include "base/error.h"

/* Makes the parts of a chat that has none, with copies of another's settings and system message; NULL: those of the
 * options. On failure chat_free_parts frees what was made. */
enum error_code chat_make_parts(struct chat *c, const struct chat *like, struct error *err);
/* Frees them, the messages and the speaker. */
void chat_free_parts(struct chat *c);

#endif
