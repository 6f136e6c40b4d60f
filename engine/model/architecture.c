/* The table of architectures. */
#include <config.h>

#include "engine/model/architecture.h"

#include <stddef.h>
#include <string.h>

static const struct architecture *const architectures[] = {&architecture_llama, &architecture_bert};

const struct architecture *architecture_at(size_t i)
{
    return i < sizeof architectures / sizeof *architectures ? architectures[i] : NULL;
}

bool architecture_ignores(const struct architecture *a, const char *tensor)
{
    const size_t length = strlen(tensor);
    for (const char *const *end = a->ignored; *end != NULL; end++)
        if (length >= strlen(*end) && strcmp(tensor + length - strlen(*end), *end) == 0)
            return true;
    return false;
}

const struct architecture *architecture_find(const char *name)
{
    const struct architecture *a;
    for (size_t i = 0; (a = architecture_at(i)) != NULL; i++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}
