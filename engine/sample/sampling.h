/* Internals of the settings: sampling.c has those of one value, sampling-lists.c the lists. */
#ifndef PALAVER_ENGINE_SAMPLE_SAMPLING_H
#define PALAVER_ENGINE_SAMPLE_SAMPLING_H

#include <stdbool.h>

#include "base/error.h"
#include "engine/engine.h"

/* Appends an item that is given as text. */
enum error_code sampling_list_add(struct sampling *s, enum sampling_list list, const char *value, struct error *err);
/* Whether two names are the same but for dashes and underscores. */
static inline bool sampling_same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return false;
    return *a == *b;
}

#endif
