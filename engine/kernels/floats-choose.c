/* Which table of float products goes with the table of matrix kernels. */
#include <config.h>

#include <string.h>

#include "engine/kernels/floats.h"

const struct float_kernels *floats_choose(const char *name)
{
#ifdef CPU_X86
    if (strcmp(name, "avx512bf16") == 0)
        return &floats_avx512bf16;
    if (strncmp(name, "avx512", 6) == 0)
        return &floats_avx512;
    if (strncmp(name, "avx", 3) == 0)
        return &floats_avx2;
#else
    (void)name;
#endif
    return &floats_portable;
}

const struct float_type *floats_type(const struct float_kernels *k, enum tensor_type type)
{
    return type == TENSOR_F32 ? &k->f32 : type == TENSOR_F16 ? &k->f16 : type == TENSOR_BF16 ? &k->bf16 : NULL;
}
