/* Fuzzy: how well a text fits what was typed to find it, and which of its bytes matched. */
#ifndef PALAVER_UI_TEXT_FUZZY_H
#define PALAVER_UI_TEXT_FUZZY_H

#include <stdbool.h>
#include <stddef.h>

/* Where the query matched: bytes of the text, in ascending order. Longer queries are matched all the same, but no more
 * than so many bytes are told. */
enum { FUZZY_MARKS = 64 };
struct fuzzy_marks {
    unsigned short at[FUZZY_MARKS];
    size_t n;
};

/* Matches each word of query[0..size). The best fit is a text that begins with the word, then one in which a word does,
 * one that contains it, and one that has its letters in this order, which must begin at the beginning of a word.
 * Returns a score, the greater the better, at least 0; -1 when a word does not match. An empty query fits everything.
 * Case makes no difference. marks may be NULL. */
int fuzzy_match(const char *text, const char *query, size_t size, struct fuzzy_marks *marks);
/* The same, but a word must stand in the text as it is typed, at the beginning of one. */
int fuzzy_find(const char *text, const char *query, size_t size, struct fuzzy_marks *marks);

#endif
