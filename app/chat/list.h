/* Lists of messages, in order. */
#ifndef PALAVER_APP_CHAT_LIST_H
#define PALAVER_APP_CHAT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "app/chat/chat.h"

/* {0} is empty. Owns its messages; n and at are changed by the functions below alone. */
struct chat_list {
    struct chat_message *at;
    size_t n, capacity;
};

/* Appends a message with a copy of text, created now. Valid until the list changes; NULL when out of memory. */
struct chat_message *chat_list_add(struct chat_list *list, enum role role, const char *text, size_t size);
/* Frees messages from n on. */
void chat_list_cut(struct chat_list *list, size_t n);
/* Moves messages [at, from->n) to the end of to. False when out of memory: nothing moved. */
bool chat_list_move(struct chat_list *from, size_t at, struct chat_list *to);
/* Frees what to holds, and gives it what from holds, which is empty after it. */
void chat_list_replace(struct chat_list *to, struct chat_list *from);
/* Frees all; the list is empty after it. */
void chat_list_free(struct chat_list *list);
/* The last message; NULL when there is none. */
struct chat_message *chat_list_last(const struct chat_list *list);
/* Index of the user's last message; list->n when there is none. */
size_t chat_list_last_user(const struct chat_list *list);
/* Index of the first message that is not stored; list->n when all are. Stored messages stand before the others. */
size_t chat_list_first_unsaved(const struct chat_list *list);

#endif
