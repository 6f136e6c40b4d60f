/* Words: a growable list of strings, e.g. candidates for completion. */
#ifndef PALAVER_APP_TEXT_WORDS_H
#define PALAVER_APP_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
    char **at; /* malloc'ed strings */
    size_t n, capacity;
};

/* Appends a copy of text[0..size); false when there is no memory. */
bool words_add(struct words *w, const char *text, size_t size);
void words_free(struct words *w);
/* How many bytes all words have in common at their beginning. */
size_t words_common(const struct words *w);
/* Splits a line at blanks; quotes '...' and "..." and backslashes keep blanks inside a word. */
bool words_split(struct words *w, const char *line);

#endif
