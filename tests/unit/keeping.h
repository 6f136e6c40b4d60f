/* What the tests of saving share: a chat with a small model of random weights and a database in a folder of its own,
 * and what another program sees of that database. Unless said otherwise, a function that can't do its work fails the test. */
#ifndef PALAVER_TESTS_UNIT_KEEPING_H
#define PALAVER_TESTS_UNIT_KEEPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "app/chat/chat.h"
#include "history/store.h"

enum { KEEPING_PATIENCE = 600 }; /* seconds a test waits at most, far more than it needs */

struct keeping {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    time_t begun;
    int tokens, troubles, remarks, refused; /* how many of each the chat reported; remarks without the troubles */
    size_t changed_from;                    /* as last reported */
    char remark[1024];                      /* the last remark or trouble */
    char folder[64], model[4096];
};

/* The folder and the options, no chat yet. longest: tokens an answer has at most; -1: no limit. */
struct keeping *keeping_new(int32_t longest);
/* Opens the chat as the options say; false with err when it can't. scripts/stage finds the tests to run under
 * ThreadSanitizer by "chat_open(", so this name ends in it. */
bool keeping_chat_open(struct keeping *f, struct error *err);
/* keeping_new and keeping_chat_open. */
struct keeping *keeping_open(int32_t longest);
/* Frees all and removes the folder. */
void keeping_close(struct keeping *f);
/* Frees the chat and opens another that continues the conversation. */
void keeping_restart(struct keeping *f);
/* Sets options, before the chat is opened, with which an answer repeats itself without end. */
void keeping_answer_endlessly(struct keeping *f);

/* One turn of the chat's loop; fails the test when its patience is over. */
void keeping_wait(struct keeping *f);
/* Waits until the model is loaded and the chat is idle. */
void keeping_settle(struct keeping *f);
/* Sends the text and waits for the whole answer. */
void keeping_say(struct keeping *f, const char *text);
/* The text of the message at index in the chat; the chat's own. */
const char *keeping_text(const struct keeping *f, size_t index);

/* The database as another program reads it; store_close it. */
struct store *keeping_look(const struct keeping *f);
/* How many conversations are stored, the deleted ones left out. */
size_t keeping_conversations(const struct keeping *f);
/* The messages of the last conversation's path, as stored; store_messages_free them. */
void keeping_stored(const struct keeping *f, struct store_messages *out);
/* Fails the test unless what is stored equals what the chat has. */
void keeping_assert_stored(const struct keeping *f);

#endif
