/* Byte-pair merging: neighbours are joined, the best pair first, until no pair is left that may be joined.
 *
 * Linked symbols and a heap of candidate pairs: O(n log n) for texts of any size without spaces. Among equally good
 * pairs the leftmost goes first. Internal to the engine's tokenizers. */
#ifndef PALAVER_ENGINE_TEXT_SYMBOLS_H
#define PALAVER_ENGINE_TEXT_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint32_t start, size;   /* bytes of the text; size 0: joined to the one before */
    int32_t previous, next; /* -1: none */
    int32_t id;             /* the token, -1: none is spelled so */
};

struct candidate_pair {
    float score;
    int32_t left;  /* with the one that is next */
    uint32_t size; /* of both together when it was found: later changes make it stale */
    int32_t id;
};

struct symbols {
    struct symbol *at;
    size_t n, capacity;
    struct candidate_pair *heap;
    size_t n_heap, heap_capacity;
};

/* The token that two neighbours make together and how good it is; false when they make none. */
typedef bool symbols_pair(const void *context, const struct symbol *left, const struct symbol *right, int32_t *id,
                          float *score);

void symbols_free(struct symbols *s);
/* Forgets the symbols, keeps the memory. */
void symbols_clear(struct symbols *s);
/* Appends a symbol. False: out of memory. */
bool symbols_add(struct symbols *s, uint32_t start, uint32_t size, int32_t id);
/* Joins until nothing is left to join. The symbols left are at[0] and those that next leads to. */
bool symbols_merge(struct symbols *s, symbols_pair *pair, const void *context);

#endif
