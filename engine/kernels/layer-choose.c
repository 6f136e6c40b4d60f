/* Which table of layer kernels goes with a table of matrix kernels. */
#include <config.h>

#include <stdbool.h>
#include <string.h>

#include "engine/kernels/layer.h"

const struct layer_kernels *layer_choose(const char *name, bool exact)
{
    if (exact)
        return &layer_exact;
#ifdef CPU_X86
    if (strncmp(name, "avx512", 6) == 0)
        return &layer_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return &layer_avx2;
#else
    (void)name;
#endif
    return &layer_portable;
}
