/* Titling: the model names the conversation.
 *
 * When an answer has ended and nothing happens for a moment, the model is asked aside for a title, if the conversation
 * has only one made of its first words. Whatever the user does comes first: a message ends it, and it is tried again
 * after the next answer. */
#ifndef PALAVER_APP_CHAT_TITLING_H
#define PALAVER_APP_CHAT_TITLING_H

#include "app/chat/chat.h"

struct titling;

/* NULL when out of memory. */
struct titling *titling_new(void);
void titling_free(struct titling *t);

/* An answer ended: a title is asked for in a moment. */
void chat_title_later(struct chat *c);
/* None is asked for before the next answer ends. */
void chat_title_cancel(struct chat *c);
/* Milliseconds until chat_title_tick has something to do, 0: now, -1: never. */
int chat_title_due(const struct chat *c);
void chat_title_tick(struct chat *c);

#endif
