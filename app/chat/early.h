/* Early: what an answer has before the history has a reply for it: its text in the message, and how its tokens came about.
 */
#ifndef PALAVER_APP_CHAT_EARLY_H
#define PALAVER_APP_CHAT_EARLY_H

#include "app/chat/chat.h"
#include "history/history.h"

/* Keeps the record of a token. When out of memory it is dropped: the text is kept all the same. */
void early_keep(struct chat_message *m, const struct store_token *token);
/* Gives text and records to the reply that is open now, and forgets the records. The store keeps what it can't write, and
 * finishing the reply fails then. */
void early_give(struct chat_message *m, struct store_reply *reply);
void early_forget(struct chat_message *m);

#endif
