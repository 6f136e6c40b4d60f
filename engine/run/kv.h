/* The key/value cache of one sequence: a table of blocks, which sequences share.
 *
 * Positions are gathered to blocks of KV_BLOCK. A block holds all layers and heads of its positions, so that
 * sequences with a common beginning share whole blocks, and a short conversation takes only the memory of a few.
 * Inside a block: by layer, by head, the keys, then the values; floats as kernels/layer.h says, 16 bits as layer-i16.h, 8
 * bits as layer-q8.h.
 *
 * A block has as many users as tables point to it. One with several is never written: who wants to write copies it
 * first (kv_reserve). All sequences that share blocks belong to one thread. */
#ifndef PALAVER_ENGINE_RUN_KV_H
#define PALAVER_ENGINE_RUN_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/layer.h"

struct kv {
    int32_t head_width, padded;
    enum kv_type type;
    size_t keys_size; /* of one head's keys in a block; the values follow */
    size_t head_size, layer_size, block_size;
    int32_t capacity; /* positions, a multiple of KV_BLOCK */
    char **blocks;    /* (capacity / KV_BLOCK); NULL until a position in it is reserved */
};

/* An empty cache with room for `capacity` positions (rounded up), which takes no memory yet. False when as much is more
 * than the machine has, or when out of memory. */
bool kv_init(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity, enum kv_type type,
             struct error *err);
void kv_free(struct kv *kv);

/* Makes positions [begin, end) writable: blocks that are not there are taken from the system, filled with zeros; of one
 * that others use too this sequence gets its own copy if begin lies inside it, else a new one. What stands at positions
 * before begin stays, what stands after them is lost. False when out of memory. */
bool kv_reserve(struct kv *kv, int32_t begin, int32_t end, struct error *err);
/* Makes the first n positions those of another cache of the same model, by sharing its blocks; n must fit both. */
void kv_share(struct kv *kv, const struct kv *from, int32_t n);

/* The keys and the values of the block that holds `position`, which is reserved. */
void *kv_keys(const struct kv *kv, int32_t layer, int32_t head, int32_t position);
void *kv_values(const struct kv *kv, int32_t layer, int32_t head, int32_t position);

#endif
