/* Spans: which bytes of a file its tensors lie in, to see that no two share one. */
#ifndef PALAVER_ENGINE_FILE_SPANS_H
#define PALAVER_ENGINE_FILE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
    uint64_t begin, end;
    const char *name; /* of the tensor, the caller's */
};

/* Sorts the spans. Whether two share a byte: the first such pair is then in two. */
bool spans_overlap(struct span *spans, size_t n, const struct span *two[2]);

#endif
