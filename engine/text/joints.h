/* Which characters stand beside each other inside of tokens.
 *
 * Merging joins neighbours until they spell a token. Where a text has two characters that no token has beside each other,
 * nothing can ever be joined, and what stands left and right of that place does not depend on each other: a text
 * can be cut there and merged piece by piece, with the ids that it has as a whole. Vocabularies of SentencePiece have
 * such a place at nearly every word.
 *
 * Pairs are kept as bits of a hash. Two pairs may share a bit; then a place that could be cut is not. Internal to the
 * engine's tokenizers. */
#ifndef PALAVER_ENGINE_TEXT_JOINTS_H
#define PALAVER_ENGINE_TEXT_JOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct joints {
    uint64_t *bits;
    uint64_t mask; /* the number of bits, a power of two, less 1 */
};

/* Makes room for a vocabulary of n tokens. False: out of memory. */
bool joints_open(struct joints *j, size_t n);
void joints_close(struct joints *j);
/* All pairs of neighbours in the spelling of a token. */
void joints_add(struct joints *j, const char *spelling, size_t size);
/* Whether a token may have the two characters beside each other, in this order. */
bool joints_has(const struct joints *j, uint32_t left, uint32_t right);

#endif
