/* The key/value cache of one sequence.
 *
 * Positions are gathered to blocks of KV_BLOCK. A block holds all layers and heads of its positions, so that a short
 * conversation touches only the beginning of the memory that a long one may use, however large the system's pages are,
 * and so that the first n tokens are one stretch of bytes. Inside a block: by layer, by head, keys transposed
 * (head_width, KV_BLOCK), then values (KV_BLOCK, padded head width). */
#ifndef PALAVER_ENGINE_RUN_KV_H
#define PALAVER_ENGINE_RUN_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/layer.h"

struct kv {
    char *bytes;
    size_t size;            /* of bytes */
    int32_t capacity;       /* positions, a multiple of KV_BLOCK */
    int32_t head_width, padded;
    size_t element;         /* bytes of one number */
    size_t keys_size;       /* of one head's keys in a block; the values follow */
    size_t head_size, layer_size, block_size;
};

/* Reserves zeroed memory for `capacity` positions (rounded up); it is taken from the system as it is used. False when
 * it is more than the machine has or the system refuses. */
bool kv_init(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity, bool half,
             struct error *err);
void kv_free(struct kv *kv);

/* The keys and the values of the block that holds `position`. */
void *kv_keys(const struct kv *kv, int32_t layer, int32_t head, int32_t position);
void *kv_values(const struct kv *kv, int32_t layer, int32_t head, int32_t position);

#endif
