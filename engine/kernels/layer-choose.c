/* Which table of layer kernels goes with a table of matrix kernels, and what its cache takes. */
#include <config.h>

#include <stddef.h>
#include <string.h>

#include "engine/kernels/layer-q8.h"
#include "engine/kernels/layer.h"

const struct layer_kernels *layer_choose(const char *name, enum kv_type cache)
{
    if (cache == KV_F32)
        return &layer_exact;
#ifdef CPU_X86
    if (strncmp(name, "avx512", 6) == 0)
        return cache == KV_Q8_0 ? &layer_avx512_q8 : &layer_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return cache == KV_Q8_0 ? &layer_avx2_q8 : &layer_avx2;
#else
    (void)name;
#endif
    return cache == KV_Q8_0 ? &layer_portable_q8 : &layer_portable;
}

static size_t element_bytes(enum kv_type cache)
{
    return cache == KV_F32 ? sizeof(float) : sizeof(uint16_t);
}

static size_t padded_width(int32_t head_width)
{
    return ((size_t)head_width + KV_LANES - 1) / KV_LANES * KV_LANES;
}

size_t layer_keys_bytes(enum kv_type cache, int32_t head_width)
{
    if (cache == KV_Q8_0)
        return q8_bytes(head_width) + q8_groups(head_width) * KV_BLOCK * sizeof(uint16_t);
    return (size_t)head_width * KV_BLOCK * element_bytes(cache);
}

size_t layer_values_bytes(enum kv_type cache, int32_t head_width)
{
    if (cache == KV_Q8_0)
        return layer_keys_bytes(cache, head_width);
    return padded_width(head_width) * KV_BLOCK * element_bytes(cache);
}

size_t layer_query_bytes(enum kv_type cache, int32_t head_width)
{
    return cache == KV_Q8_0 ? q8_groups(head_width) * sizeof(struct q8_query)
                            : padded_width(head_width) * sizeof(float);
}
