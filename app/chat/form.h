/* Form: between a message as the chat holds it and as the history stores it. */
#ifndef PALAVER_APP_CHAT_FORM_H
#define PALAVER_APP_CHAT_FORM_H

#include <stdbool.h>

#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/speaker.h"
#include "engine/engine.h"
#include "history/history.h"

/* What made an answer: the speaker that made or makes it, its settings, its timings. The strings are copies; free them
 * with form_making_free. */
struct store_making form_making(const struct speaker *speaker, const struct chat_message *answer);
void form_making_free(struct store_making *made);
/* What a server told beside the tokens of its last answer: its fingerprint, and the texts of their ids, which no vocabulary
 * here has; as settings of an epoch (JSON), malloc'ed. NULL when a model on this machine answered, or out of memory. */
char *form_told(const struct speaker *speaker, const struct chat_message *answer);
/* Whether another version of Palaver, whose products are rounded otherwise, made a stored answer. */
bool form_is_older(const struct store_making *made);
/* The record of an EVENT_TOKEN. */
struct store_token form_token(const struct event *event);

/* The settings that were parsed last: most messages have the same as the one before. {0} at first. */
struct form_settings {
    char *json; /* NULL: none yet */
    struct manner *manner;
};
void form_settings_free(struct form_settings *known);
/* Appends a stored message to a list. False when out of memory. */
bool form_read_message(struct chat_list *list, const struct store_message *m, struct form_settings *known);

/* The role of a message as the history has it. */
enum store_role form_stored_role(enum role role);

#endif
