/* Ids: a list that doubles when it is full. */
#include <config.h>

#include "history/ids.h"

#include <stdlib.h>

#include "history/history.h"

bool ids_add(struct store_ids *ids, int64_t id)
{
    if ((ids->n & (ids->n - 1)) == 0) { /* full at each power of two */
        int64_t *more = realloc(ids->at, (ids->n == 0 ? 1 : ids->n * 2) * sizeof *more);
        if (more == NULL)
            return false;
        ids->at = more;
    }
    ids->at[ids->n++] = id;
    return true;
}

void ids_reverse(struct store_ids *ids)
{
    for (size_t i = 0, j = ids->n; i + 1 < j; i++) {
        int64_t t = ids->at[i];
        ids->at[i] = ids->at[--j];
        ids->at[j] = t;
    }
}

void store_ids_free(struct store_ids *ids)
{
    free(ids->at);
    *ids = (struct store_ids){0};
}
