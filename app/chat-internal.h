/* Inside of the chat: chat-list.c holds messages, chat.c the chat and its models, chat-answer.c makes prompts and takes
 * answers. */
#ifndef PALAVER_APP_CHAT_INTERNAL_H
#define PALAVER_APP_CHAT_INTERNAL_H

#include "app/chat.h"

/* Messages in order. */
struct chat_list {
    struct chat_message *at;
    size_t n, capacity;
};

struct chat {
    const struct options *options;
    const struct chat_view *view;
    const struct chat_keeper *keeper;
    struct worker *worker, *next;  /* next: the one that loads, NULL when none does */
    char *path, *next_path;
    struct chat_template *template;
    char *template_name;           /* as asked for; NULL: the model's own */
    struct buf system;
    struct chat_list list;
    struct chat_list taken;        /* exchanges taken back, the last one last; each begins with the user's message */
    struct sampling sampling;
    bool seed_is_fixed;
    uint64_t tries;                /* answers to the same message with a fixed seed */
    size_t window;                 /* the first message that the model sees */
    struct prompt prompt;          /* given last; empty ids: none yet */
    bool waiting;                  /* an answer is asked for, the model is not loaded */
    uint64_t request;              /* runs; 0: none */
    bool reading;
    bool stopping;
    int32_t said;                  /* tokens of the answer, this request's not counted */
    int32_t said_now;              /* and this one's */
};

/* chat-list.c */
struct chat_message *chat_list_add(struct chat_list *list, enum role role, const char *text, size_t size);
void chat_list_cut(struct chat_list *list, size_t n);
/* Moves messages [at, from->n) to the end of to. */
bool chat_list_move(struct chat_list *from, size_t at, struct chat_list *to);
void chat_list_free(struct chat_list *list);

size_t chat_list_last_user(const struct chat_list *list); /* list->n when there is none */

/* chat-answer.c */
/* Asks for an answer to the messages as they are; the last is the user's, or an answer to go on with. */
enum error_code chat_ask(struct chat *c, struct error *err);
void chat_take_event(struct chat *c, const struct event *event);

#endif
