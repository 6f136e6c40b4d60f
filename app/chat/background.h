/* Background: conversations whose answers are under way, or just ended, while another one is open.
 *
 * Each is a chat of its own, with all that belongs to a conversation: messages, settings, speaker, what is being saved.
 * Going to another conversation moves these into the background, and coming back moves them into the open chat again, so
 * that an answer never notices. The speakers are beside each other: one thread, one model, a token each in turn. What such
 * a chat tells goes through a view of its own, which passes on what the user has to know. */
#ifndef PALAVER_APP_CHAT_BACKGROUND_H
#define PALAVER_APP_CHAT_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "base/error.h"

struct background;

/* Frees all, whose answers should be closed; NULL is fine. */
void background_free(struct background *b);

/* The chats in it. An index is valid until one goes or comes. */
size_t background_count(const struct chat *c);
struct chat *background_at(const struct chat *c, size_t index);
/* Readable while one of them has something for chat_handle; -1: there is none. */
int background_fd(const struct chat *c);
/* Whether a conversation is there; background_count when not. */
size_t background_find(const struct chat *c, int64_t conversation);

/* Moves the open conversation there, whose answer is under way. The chat then has a new one, with the same model and
 * settings. ERR_BUSY when this answer can't go on alone. */
enum error_code background_leave(struct chat *c, struct error *err);
/* Makes the conversation of this index the open one. The one before goes to the background if its answer is under way, and
 * else is forgotten: it is saved, and not temporary. */
enum error_code background_return(struct chat *c, size_t index, struct error *err);
/* Forgets those that have nothing left to do. */
void background_drop_ended(struct chat *c);

/* Tells once more why the last answer there failed, if it did and the user was elsewhere. */
void background_tell_failure(struct chat *c);

#endif
