/* Verify: what its two files share. The face is chat_verify (chat.h). */
#ifndef PALAVER_APP_CHAT_VERIFY_H
#define PALAVER_APP_CHAT_VERIFY_H

#include <stddef.h>

#include "base/error.h"

struct chat;

/* chat_verify for an answer of the server's model that the chat speaks to. */
enum error_code verify_there(struct chat *c, size_t index, struct error *err);

#endif
