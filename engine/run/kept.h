/* Texts that were scored: their caches, and what was read of their tokens, for texts that begin alike. Internal to the
 * engine. */
#ifndef PALAVER_ENGINE_RUN_KEPT_H
#define PALAVER_ENGINE_RUN_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/run/kv.h"

enum { KEPT = 32 };

/* A text whose first n tokens are in its cache. */
struct kept {
    struct kv kv;
    int32_t *ids;  /* (n) */
    size_t n;      /* 0: unused */
    uint64_t used; /* when it was of use, by kept_texts.clock */
    /* What follows each token from `from` - 1 on, as in struct scored_text: (n - from) and (n - from, top). */
    size_t from;
    int32_t top;
    float *logp;
    struct likely *likely;
};

struct kept_texts {
    struct kept at[KEPT];
    uint64_t clock;
};

/* How many tokens two texts have in common in front. */
size_t kept_common(const int32_t *a, size_t n, const int32_t *b, size_t m);
/* The kept text that has most of ids[0..n) in front, *common tokens of it; NULL: none has any. */
struct kept *kept_find(struct kept_texts *k, const int32_t *ids, size_t n, size_t *common);
/* It was of use: others leave before it. */
void kept_touch(struct kept_texts *k, struct kept *text);
/* Keeps a text that is scored, n tokens of it in the cache, which is taken over and left empty; the one used longest
 * ago makes room. Out of memory nothing is kept. */
void kept_add(struct kept_texts *k, const struct scored_text *text, size_t n, struct kv *kv);
/* Those used longest ago leave, until all together have no more than `most` different tokens. */
void kept_trim(struct kept_texts *k, size_t most);
/* Whether what is wanted of tokens [from, ...) with so many likely ones was read. */
bool kept_has(const struct kept *text, size_t from, int32_t top);
/* Gives a text what follows its token number `position`, where both texts go on alike. */
void kept_give(const struct kept *text, size_t position, struct scored_text *out);
void kept_free_all(struct kept_texts *k);

#endif
