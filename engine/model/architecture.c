/* The table of architectures. */
#include <config.h>

#include "engine/model/architecture.h"

#include <stddef.h>
#include <string.h>

static const struct architecture *const architectures[] = {&architecture_llama};

const struct architecture *architecture_at(size_t i)
{
    return i < sizeof architectures / sizeof *architectures ? architectures[i] : NULL;
}

const struct architecture *architecture_find(const char *name)
{
    const struct architecture *a;
    for (size_t i = 0; (a = architecture_at(i)) != NULL; i++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}
