/* Which table of dense products goes with the table of matrix kernels. */
#include <config.h>

#include <string.h>

#include "engine/kernels/dense.h"
#include "engine/kernels/kernels.h"

const struct dense_kernels *dense_choose(void)
{
#ifdef CPU_X86
    const char *name = kernels_choose()->name;
    if (strncmp(name, "avx512", 6) == 0)
        return &dense_avx512;
    if (strncmp(name, "avx2", 4) == 0)
        return &dense_avx2;
#endif
    return &dense_portable;
}

dense_pack *dense_packs(const struct dense_kernels *k, enum tensor_type type)
{
    return type == TENSOR_F32 ? k->f32 : type == TENSOR_F16 ? k->f16 : type == TENSOR_BF16 ? k->bf16 : NULL;
}
