/* A suffix automaton of a growing sequence of token ids: for each new token, the longest end of the sequence that stood in
 * it before, and where (Blumer et al. 1985, "The smallest automaton recognizing the subwords of a text"; for drafts: Hu et
 * al. 2024, arXiv:2411.10666). A token takes constant time on average and about a hundred bytes. */
#ifndef PALAVER_ENGINE_RUN_SUFFIX_H
#define PALAVER_ENGINE_RUN_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct suffix;

/* An empty one for at most `most` tokens. NULL when out of memory. */
struct suffix *suffix_new(size_t most);
void suffix_free(struct suffix *s);
void suffix_clear(struct suffix *s);
/* Appends a token, any number; a negative one ends what matches can reach over. False when it is full or out of memory:
 * then it is as it was. */
bool suffix_append(struct suffix *s, int32_t id);
/* The tokens, suffix_length of them; until the next change. */
const int32_t *suffix_ids(const struct suffix *s);
size_t suffix_length(const struct suffix *s);

/* The longest end of a text that stands in a sequence. */
struct suffix_match {
    int32_t state;
    size_t length; /* tokens; 0: none */
    size_t next;   /* where the token after it stands in the sequence */
};
/* That of the sequence itself, which stood in it before its last token: the newest such place that is known. */
struct suffix_match suffix_own(const struct suffix *s);
/* That of another text which had match m and has got one more token; at the beginning m is {0}. s has not changed
 * since, but for being cleared and filled when m is {0} again. */
struct suffix_match suffix_follow(const struct suffix *s, struct suffix_match m, int32_t id);

#endif
