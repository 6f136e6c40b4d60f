/* What a layer computes beside its matrix products: norms, rotary positions, the gate of the MLP and attention.
 *
 * One table of functions per instruction set. Within a table a result depends on its own row alone and is made by the
 * same operations in the same order whether the row comes alone or among others, so that a token's logits are the same
 * bits in a batch and after a cache hit. All tables but the exact one agree to the bit too, so that an answer can be
 * verified on another machine: sums run over KV_LANES accumulators that are added up in halves, products are fused, and
 * 2^x is one polynomial.
 *
 * Attention is an online softmax (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax") in powers
 * of two: queries carry log2(e)/sqrt(head_width) in them. It walks the keys in blocks of KV_BLOCK, blocks gathered to
 * spans of KV_SPAN, both aligned to position 0; spans are merged from the first to the last. */
#ifndef PALAVER_ENGINE_KERNELS_LAYER_H
#define PALAVER_ENGINE_KERNELS_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KV_BLOCK =
        64, /* positions; of floats a key block is (head_width, KV_BLOCK), a value block (KV_BLOCK, padded width) */
    KV_SPAN = 256, /* positions, a multiple of KV_BLOCK */
    KV_LANES = 16, /* head widths are padded to a multiple of this with zeros */
};

/* What the cache's elements are. */
enum kv_type { KV_F32, KV_I16, KV_Q8_0 }; /* see layer-i16.h and layer-q8.h */

/* The cache's elements of one head in one span: block b's keys lie at blocks[b] + keys, its values at blocks[b] +
 * values. */
struct layer_span {
    const char *const *blocks; /* as many as the keys that are visible call for */
    size_t keys, values;       /* bytes from a block's beginning */
    int32_t head_width, padded;
    int32_t rows;
    const void *queries;    /* float (rows, padded), or what pack made: (rows, layer_query_bytes) */
    const int32_t *visible; /* (rows), ascending: keys of the span that each row sees, 1 to KV_SPAN */
    float *max, *sum;       /* (rows): the largest score and the sum of 2^(score - max) */
    float *out;             /* (rows, padded): values weighted by 2^(score - max) */
};

struct layer_kernels {
    const char *name;
    enum kv_type cache;
    /* x += add unless add is NULL, then out = x / sqrt(mean(x²) + epsilon) * weight; all (n). */
    void (*norm)(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon);
    /* gate = gate / (1 + e^-gate) * up; (n). */
    void (*gate)(float *gate, const float *up, size_t n);
    /* Turns the n elements of one head pair by pair and scales them: out[i] = (x[i]*turn[i] + x[i^1]*turn[n +
     * i])*scale. n is even. */
    void (*rotate)(const float *x, const float *turn, float scale, float *out, size_t n);
    /* Puts one position's key and value (head_width each) into position `at` of a block. */
    void (*store)(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                  int32_t padded);
    /* Brings a query into the form that span takes it in; NULL: as it is. */
    void (*pack)(const float *query, void *packed, int32_t head_width);
    void (*span)(const struct layer_span *s);
    /* Adds a later span's max, sum and out (padded) of one row to those of the earlier ones. */
    void (*merge)(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                  int32_t padded);
};

extern const struct layer_kernels layer_portable;
extern const struct layer_kernels layer_exact; /* float32 cache, libm's exponentials, double sums in norms */
extern const struct layer_kernels layer_avx2, layer_avx512;
extern const struct layer_kernels layer_portable_q8, layer_avx2_q8, layer_avx512_q8; /* the same with KV_Q8_0 */

/* The table of the matrix kernels' name with this cache; the portable one for a name that has none, the exact one for
 * KV_F32. */
const struct layer_kernels *layer_choose(const char *name, enum kv_type cache);
/* Bytes that the keys and the values of one head take in a block. */
size_t layer_keys_bytes(enum kv_type cache, int32_t head_width);
size_t layer_values_bytes(enum kv_type cache, int32_t head_width);
/* Bytes of a query as span takes it. */
size_t layer_query_bytes(enum kv_type cache, int32_t head_width);

#endif
