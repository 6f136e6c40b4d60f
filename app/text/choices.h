/* Choices: words that may stand where a user types, with what is said about each. */
#ifndef PALAVER_APP_TEXT_CHOICES_H
#define PALAVER_APP_TEXT_CHOICES_H

#include <stdbool.h>
#include <stddef.h>

struct choice {
    char *word;
    char *detail; /* NULL: nothing is said */
    char *also;   /* other names, separated by blanks; NULL: none */
    bool needs;   /* something must follow it */
};
struct choices {
    struct choice *at;
    size_t n, capacity;
};

/* Appends copies; detail and also may be NULL. Left out when out of memory. */
void choices_add(struct choices *c, const struct choice *choice);
void choices_offer(struct choices *c, const char *word, const char *detail);
void choices_free(struct choices *c);

#endif
