/* Which table of quantize-tile.h goes with the table of matrix kernels. */
#include <config.h>

#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/quantize-tile.h"

const struct quantize_kernels *quantize_choose(void)
{
#ifdef CPU_X86
    const char *name = kernels_choose()->name;
    if (strncmp(name, "avx512", 6) == 0)
        return &quantize_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return &quantize_avx2;
#endif
    return &quantize_portable;
}
