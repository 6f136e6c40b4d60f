/* Kernels: which tables this processor can run. */
#include "config.h"

#include "engine/kernels/kernels.h"

#include <stdlib.h>
#include <string.h>
#if defined CPU_ARM
#include <sys/auxv.h>
#endif

static bool always(void)
{
    return true;
}

static const struct { const struct kernels *table; bool (*usable)(void); } tables[] = {
    {&kernels_portable, always},
};

const struct kernels *kernels_at(int index)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].usable() && index-- == 0)
            return tables[i].table;
    return NULL;
}

const struct kernels *kernels_choose(void)
{
    const char *wanted = getenv("PALAVER_KERNELS");
    const struct kernels *table;
    for (int i = 0; wanted != NULL && (table = kernels_at(i)) != NULL; i++)
        if (strcmp(table->name, wanted) == 0)
            return table;
    return kernels_at(0);
}

size_t panel_bytes(enum panel_kind kind, int rows)
{
    static const uint8_t words[] = {[PANEL_Q32] = 10, [PANEL_Q16] = 12, [PANEL_F32] = 32, [PANEL_BF16] = 16};
    return (size_t)words[kind] * 4 * (size_t)rows;
}

size_t tile_bytes(enum tile_kind kind)
{
    static const uint8_t bytes[] = {[TILE_Q8] = 48, [TILE_F32] = 128, [TILE_BF16] = 64};
    return bytes[kind];
}

enum tile_kind panel_tile(enum panel_kind kind)
{
    return kind == PANEL_F32 ? TILE_F32 : kind == PANEL_BF16 ? TILE_BF16 : TILE_Q8;
}
