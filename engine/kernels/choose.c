/* Kernels: which tables this processor can run. */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>
#if defined CPU_X86
#include <cpuid.h>
#elif defined CPU_ARM
#include <sys/auxv.h>
#endif

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

#if defined CPU_X86
/* F16C is not asked for, as clang 14 does not know its name; every processor with AVX2 has it. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* By its bit, as clang 14 does not know this name either. */
static bool has_avx2vnni(void)
{
    unsigned a, b, c, d;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & 1u << 4) != 0;
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}

static bool has_avx512bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
}
#elif defined CPU_ARM
static bool has_dotprod(void)
{
    return (getauxval(AT_HWCAP) & 1UL << 20) != 0; /* HWCAP_ASIMDDP */
}
#endif

static bool always(void)
{
    return true;
}

static const struct {
    const struct kernels *table;
    bool (*usable)(void);
} tables[] = {
#if defined CPU_X86
    {&kernels_avx512bf16, has_avx512bf16}, {&kernels_avx512, has_avx512},
    {&kernels_avx2vnni, has_avx2vnni},     {&kernels_avx2, has_avx2},
#elif defined CPU_ARM
    {&kernels_neon, has_dotprod},
#endif
    {&kernels_portable, always},
};

const struct kernels *kernels_at(int index)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].usable() && index-- == 0)
            return tables[i].table;
    return NULL;
}

/* The table that the environment names; NULL: none, or none that this processor can run. */
static const struct kernels *named_table(const char **name)
{
    const struct kernels *table = NULL;
    *name = getenv("PALAVER_KERNELS");
    for (int i = 0; *name != NULL && (table = kernels_at(i)) != NULL; i++)
        if (strcmp(table->name, *name) == 0)
            break;
    return table;
}

const struct kernels *kernels_choose(void)
{
    const char *name;
    const struct kernels *table = named_table(&name);
    return table != NULL ? table : kernels_at(0);
}

enum error_code kernels_check(struct error *err)
{
    const char *name;
    if (named_table(&name) != NULL || name == NULL || *name == '\0')
        return ERR_NONE;
    struct buf known;
    buf_init(&known, 200);
    for (int i = 0; kernels_at(i) != NULL; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", kernels_at(i)->name);
    error_set(err, ERR_ARGUMENT, "PALAVER_KERNELS is '%.40s'; this processor runs %s", name, buf_text(&known));
    buf_free(&known);
    return ERR_ARGUMENT;
}

const char *engine_kernels(void)
{
    return kernels_choose()->name;
}

int32_t engine_arithmetic(void)
{
    return KERNEL_ARITHMETIC;
}

size_t panel_bytes(enum panel_kind kind, int rows)
{
    return (size_t)(kind == PANEL_Q32 ? 10 : 12) * 4 * (size_t)rows;
}
