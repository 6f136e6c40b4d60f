/* Known: the messages that the history has, with their conversations, and which of them wait to be encoded. */
#ifndef PALAVER_APP_MEANING_KNOWN_H
#define PALAVER_APP_MEANING_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known_message {
    int64_t message, conversation;
    bool waits; /* to be encoded */
    bool seen;  /* since known_unsee */
};

/* By message id; zeroed it is empty. Some hundred thousand at most. */
struct known {
    struct known_message *at;
    size_t n, capacity;
    int64_t *waiting; /* those that wait, the next one last; may hold some that do no more */
    size_t n_waiting, waiting_capacity;
    size_t left; /* that wait */
};

/* Notes that the message is there, and whether it has to be encoded. False when out of memory. */
bool known_see(struct known *k, int64_t message, int64_t conversation, bool waits);
/* The next message to encode, which no longer waits; 0 when there is none. */
int64_t known_next(struct known *k);
/* Marks the messages of a conversation as not seen. */
void known_unsee(struct known *k, int64_t conversation);
/* Forgets those of the conversation that were not seen since; tells each. */
typedef void known_gone(void *context, int64_t message);
void known_forget(struct known *k, int64_t conversation, known_gone *gone, void *context);
bool known_has(const struct known *k, int64_t message);
void known_free(struct known *k);

#endif
