/* Words: a growable list of strings, e.g. candidates for completion.
 *
 * The room is the ground floor of app: small things that know neither options nor terminals.
 *
 *   words    lists of strings, a line split into words
 *   choices  words that may stand where a user types, with what is said about each
 *   plural   the s of a counted word
 *   bytes    sizes as people read them
 *   nearest  which known name a mistyped one may stand for
 *   input    whole texts from standard input and files
 *   jsonl    JSON for scripts
 *   csv, npy files of tables and arrays
 *   passages texts cut into parts for an encoder
 *   thought  what a model thinks before it answers, passed over
 *   cleaning what is done to texts before they are compared
 *   replace  a file that is written completely or not at all
 *   safe     text that may hold anything, on a stream */
#ifndef PALAVER_APP_TEXT_WORDS_H
#define PALAVER_APP_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
    char **at; /* malloc'ed strings */
    size_t n, capacity;
};

/* Appends a copy of text[0..size); false when out of memory. */
bool words_add(struct words *w, const char *text, size_t size);
void words_free(struct words *w);
/* The length in bytes of the longest beginning that all words share, whole characters. */
size_t words_common(const struct words *w);
/* Appends the words of a line, which spaces, tabs and newlines separate; quotes '...' and "..." and backslashes keep
 * them inside a word. False when out of memory. */
bool words_split(struct words *w, const char *line);

#endif
