/* Sorted by their beginnings, spans that overlap have a neighbour that they overlap. */
#include "engine/file/spans.h"

#include <stdlib.h>

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->begin < y->begin ? -1 : x->begin > y->begin ? 1 : x->end < y->end ? -1 : x->end > y->end;
}

bool spans_overlap(struct span *spans, size_t n, const struct span *two[2])
{
    if (n > 0)
        qsort(spans, n, sizeof *spans, compare_spans);
    for (size_t i = 1; i < n; i++)
        if (spans[i].begin < spans[i - 1].end) {
            two[0] = &spans[i - 1];
            two[1] = &spans[i];
            return true;
        }
    return false;
}
