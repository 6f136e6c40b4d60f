/* Chat: lists of messages. A long chat holds hundreds. */
#include <config.h>

#include "app/chat/list.h"

#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/chat/manner.h"
#include "base/buf.h"
#include "base/clock.h"
#include "engine/engine.h"

static bool make_room(struct chat_list *list, size_t more)
{
    if (list->n + more <= list->capacity)
        return true;
    size_t capacity = 2 * (list->n + more) + 16;
    struct chat_message *at = realloc(list->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    list->at = at;
    list->capacity = capacity;
    return true;
}

struct chat_message *chat_list_add(struct chat_list *list, enum role role, const char *text, size_t size)
{
    struct buf copy;
    buf_init(&copy, CHAT_TEXT_MOST);
    if (!make_room(list, 1) || !buf_append(&copy, text, size)) {
        buf_free(&copy);
        return NULL;
    }
    list->at[list->n] = (struct chat_message){.role = role, .text = copy, .created = clock_wall(), .siblings = 1};
    return &list->at[list->n++];
}

void chat_list_cut(struct chat_list *list, size_t n)
{
    while (list->n > n) {
        struct chat_message *m = &list->at[--list->n];
        buf_free(&m->text);
        free(m->model);
        manner_drop(m->manner);
        free(m->tokens);
    }
}

bool chat_list_move(struct chat_list *from, size_t at, struct chat_list *to)
{
    if (!make_room(to, from->n - at))
        return false;
    for (size_t i = at; i < from->n; i++)
        to->at[to->n++] = from->at[i];
    from->n = at;
    return true;
}

void chat_list_free(struct chat_list *list)
{
    chat_list_cut(list, 0);
    free(list->at);
    *list = (struct chat_list){0};
}

void chat_list_replace(struct chat_list *to, struct chat_list *from)
{
    chat_list_free(to);
    *to = *from;
    *from = (struct chat_list){0};
}

struct chat_message *chat_list_last(const struct chat_list *list)
{
    return list->n > 0 ? &list->at[list->n - 1] : NULL;
}

size_t chat_list_last_user(const struct chat_list *list)
{
    for (size_t i = list->n; i > 0; i--)
        if (list->at[i - 1].role == ROLE_USER)
            return i - 1;
    return list->n;
}

size_t chat_list_first_unsaved(const struct chat_list *list)
{
    size_t i = list->n;
    while (i > 0 && list->at[i - 1].id == 0)
        i--;
    return i;
}
