/* Which table of an encoder's loops goes with the table of matrix kernels. */
#include <config.h>

#include <string.h>

#include "engine/kernels/encode.h"
#include "engine/kernels/kernels.h"

size_t encode_scratch(size_t n, size_t head_width)
{
    const size_t unit = ENCODE_LANES, keys = (n + unit - 1) / unit * unit,
                 width = (head_width + unit - 1) / unit * unit;
    return head_width * keys + n * width + ENCODE_TOGETHER * keys;
}

const struct encode_kernels *encode_choose(void)
{
#ifdef CPU_X86
    const char *name = kernels_choose()->name;
    if (strncmp(name, "avx512", 6) == 0)
        return &encode_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return &encode_avx2;
#endif
    return &encode_portable;
}
