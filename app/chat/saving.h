/* Saving: bringing the history up to what the chat holds.
 *
 * What can't be saved is reported once, kept in memory, and tried again every second by chat_tick. While another
 * program holds the history it is tried again much sooner, and reported only when that lasts. */
#ifndef PALAVER_APP_CHAT_SAVING_H
#define PALAVER_APP_CHAT_SAVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

struct queue;
struct saving;

/* What the user was told already, and is not told again. */
enum saving_report {
    REPORTED_HOME = 1,    /* where the conversation is kept, and why if that is not the history */
    REPORTED_TRASHED = 2, /* another program put the conversation into the trash */
    REPORTED_FAILED = 4,  /* something can't be saved now */
};

/* NULL when out of memory. */
struct saving *saving_new(void);
/* A reply that is still open is marked interrupted. */
void saving_free(struct saving *s);
/* True the first time, or the first time after saving_retract. */
bool saving_report(struct saving *s, enum saving_report what);
void saving_retract(struct saving *s, enum saving_report what);
bool saving_has_reported(const struct saving *s, enum saving_report what);

/* Saves everything that is not saved yet, in order, and opens a reply for the answer under way. */
enum error_code chat_save(struct chat *c, struct error *err);
/* Whether everything is saved, but for what an answer under way still brings. */
bool chat_is_saved(const struct chat *c);
/* Saves what is not saved yet, the part of an answer under way included. */
enum error_code chat_try_saving(struct chat *c, struct error *err);
/* For going to another place: saves what is not saved yet, and fails with a message that says so. */
enum error_code chat_check_saved(struct chat *c, struct error *err);
/* The same for leaving the conversation: one that another program destroyed is not saved again. */
enum error_code chat_check_left(struct chat *c, struct error *err);
/* Whether a reply is open: what comes of the answer goes into the history. */
bool chat_has_reply(const struct chat *c);

/* An EVENT_TOKEN came; its text is in the message already. */
void chat_save_token(struct chat *c, const struct event *event);
/* From some token of the running request on other settings act. */
void chat_save_settings(struct chat *c);
/* Another request begins: all settings that were given to the one before are in force. */
void chat_settle_settings(struct chat *c);
/* System message, settings, template, model or the messages that wait changed. */
void chat_save_properties(struct chat *c);
/* The same a moment later: a slider changes settings many times a second, and a disk may be slow. */
void chat_save_properties_later(struct chat *c);
/* The messages that wait in a conversation, to be freed; NULL on failure. */
struct queue *chat_read_queue(struct store *s, int64_t conversation, struct error *err);
/* Puts messages from n on into the trash of the history, and forgets them. */
void chat_discard(struct chat *c, size_t n);

/* A conversation was entered or begun; stored: its properties are those in the history. */
void chat_enter_saved(struct chat *c, bool stored, bool trashed);
/* Another program destroyed the conversation: the next message stores what the chat holds as a new one. */
void chat_forget_saved(struct chat *c);

/* Milliseconds until chat_save_tick has something to do, 0: now, -1: never. */
int chat_save_due(const struct chat *c);
void chat_save_tick(struct chat *c);

#endif
