/* Which table of layer kernels goes with a table of matrix kernels, and what its cache takes. */
#include <config.h>

#include <stddef.h>
#include <string.h>

#include "engine/kernels/layer-i16.h"
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

static int32_t padded_width(int32_t head_width)
{
    return (head_width + KV_LANES - 1) / KV_LANES * KV_LANES;
}

size_t layer_keys_bytes(enum kv_type cache, int32_t head_width)
{
    if (cache == KV_Q8_0)
        return q8_bytes(head_width) + q8_groups(head_width) * KV_BLOCK * sizeof(uint16_t);
    if (cache == KV_I16)
        return i16_keys(head_width) + I16_SCALES;
    return (size_t)head_width * KV_BLOCK * sizeof(float);
}

size_t layer_values_bytes(enum kv_type cache, int32_t head_width)
{
    if (cache == KV_Q8_0)
        return layer_keys_bytes(cache, head_width);
    if (cache == KV_I16)
        return i16_values(padded_width(head_width)) + I16_SCALES;
    return (size_t)padded_width(head_width) * KV_BLOCK * sizeof(float);
}

size_t layer_query_bytes(enum kv_type cache, int32_t head_width)
{
    if (cache == KV_Q8_0)
        return q8_groups(head_width) * sizeof(struct q8_query);
    return cache == KV_I16 ? i16_query_bytes(padded_width(head_width))
                           : (size_t)padded_width(head_width) * sizeof(float);
}
