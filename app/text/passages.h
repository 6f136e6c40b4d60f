/* Passages: a text cut into parts that an encoder reads at once, none longer than so many tokens.
 *
 * A passage ends at the end of a paragraph, a line or a sentence where one is near; else between words, and within a
 * word only when that alone is too long. */
#ifndef PALAVER_APP_TEXT_PASSAGES_H
#define PALAVER_APP_TEXT_PASSAGES_H

#include <stdbool.h>
#include <stddef.h>

struct passage {
    size_t at, size;        /* bytes of the text, without white space at either end */
    size_t line, last_line; /* of the text, from 1 */
    size_t tokens;          /* the sum over its sentences */
};

struct passages {
    struct passage *at; /* malloc'ed */
    size_t n, capacity;
};

/* The tokens of a text, special ones not counted; SIZE_MAX when out of memory. */
typedef size_t passages_count(void *context, const char *text, size_t size);

/* Appends the passages of text[0..size), any bytes, of at most most tokens each; white space makes none. count is asked
 * about single sentences, so the sum is exact for tokenizers that never join words over white space, as WordPiece.
 * False when out of memory. */
bool passages_cut(struct passages *p, const char *text, size_t size, size_t most, passages_count *count, void *context);
void passages_free(struct passages *p);
/* The length of the first sentence of text[0..size), size > 0, with the white space after it: it ends with a full stop
 * and the like, with the line, or after some thousands of bytes. */
size_t passages_sentence(const char *text, size_t size);

#endif
