/* Tell: what the chat tells the screen. */
#ifndef PALAVER_APP_SCREEN_TELL_H
#define PALAVER_APP_SCREEN_TELL_H

#include <stddef.h>

#include "app/chat/chat.h"
#include "app/screen/parts.h"

/* The functions by which a chat tells this screen what happens; s must outlive the chat. */
struct chat_view screen_tell_view(struct screen *s);
/* All messages are others: a conversation was opened. */
void screen_tell_all(struct screen *s);

#endif
