/* Which table of passes over logits goes with the table of matrix kernels. */
#include <config.h>

#include <string.h>

#include "engine/kernels/kernels.h"
#include "engine/kernels/scan.h"

const struct scan_kernels *scan_choose(void)
{
#ifdef CPU_X86
    const char *name = kernels_choose()->name;
    if (strncmp(name, "avx512", 6) == 0)
        return &scan_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return &scan_avx2;
#endif
    return &scan_portable;
}
