/* Importance matrices: how much each input column of a weight matrix matters, measured on a text (the mean square of
 * what the column is multiplied with).
 *
 * Both published forms are read: GGUF (general.type "imatrix", tensors NAME.in_sum2 and NAME.counts) and the older binary
 * one of llama.cpp (.dat). Some hundred entries of up to 28,672 columns. */
#ifndef PALAVER_ENGINE_CONVERT_IMATRIX_H
#define PALAVER_ENGINE_CONVERT_IMATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct imatrix;

struct imatrix_entry {
    char *name;    /* of the weight matrix, "blk.0.attn_q.weight" */
    float *values; /* (n), finite and not negative */
    uint64_t n;
};

/* NULL on failure: a file of another kind, one that is cut off, values that are no finite numbers. */
struct imatrix *imatrix_open(const char *path, struct error *err);
void imatrix_free(struct imatrix *m);
/* Entry number i; NULL past the last. */
const struct imatrix_entry *imatrix_at(const struct imatrix *m, size_t i);
/* NULL when there is none of the name. */
const struct imatrix_entry *imatrix_find(const struct imatrix *m, const char *name);
size_t imatrix_size(const struct imatrix *m);
uint32_t imatrix_chunks(const struct imatrix *m);     /* of text that it was measured on; 0: not known */
const char *imatrix_dataset(const struct imatrix *m); /* what text; "" if not known */

#endif
