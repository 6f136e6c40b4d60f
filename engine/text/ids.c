/* Growable arrays of token ids. */
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void ids_free(struct ids *ids)
{
    free(ids->at);
    *ids = (struct ids){0};
}

bool ids_append(struct ids *ids, const int32_t *more, size_t n)
{
    if (n > ids->capacity - ids->n) {
        if (n > SIZE_MAX / sizeof *ids->at / 2 - ids->n)
            return false;
        size_t capacity = ids->capacity < 32 ? 64 : ids->capacity * 2;
        while (capacity < ids->n + n)
            capacity *= 2;
        int32_t *at = realloc(ids->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        ids->at = at;
        ids->capacity = capacity;
    }
    if (n > 0)
        memcpy(ids->at + ids->n, more, n * sizeof *more);
    ids->n += n;
    return true;
}
