/* Rows in GGUF's order: those that a rotary position embedding turns together stand side by side there, and half a head
 * apart in Hugging Face's files (enum row_order). */
#include <config.h>

#include "engine/convert/rows.h"

#include <string.h>

/* Where row `row` of GGUF's order stands in the source. */
static uint64_t origin(const struct rows *r, uint64_t row)
{
    const uint64_t i = row % r->head;
    if (r->t.order == ROWS_PAIRED || i >= r->turned)
        return row;
    return row - i + i % 2 * (r->turned / 2) + i / 2;
}

void rows_unpack(const struct rows *r, uint64_t row, float *out, float *scratch)
{
    if (r->t.rows > 1 || r->t.order == ROWS_PAIRED) {
        tensor_unpack_row(&r->t, r->t.rows > 1 ? origin(r, row) : row, out);
        return;
    }
    tensor_unpack_row(&r->t, row, scratch);
    for (uint64_t i = 0; i < r->t.cols; i++)
        out[i] = scratch[origin(r, i)];
}

void rows_copy(const struct rows *r, uint64_t row, void *out)
{
    const struct tensor_traits *traits = tensor_traits(r->t.type);
    unsigned char *to = out;
    const uint64_t from = origin(r, row);
    for (uint64_t col = 0; col < r->t.cols;) {
        const struct tensor_run run = tensor_at(&r->t, from, col);
        const size_t size = (size_t)(run.cols / traits->block) * traits->block_bytes;
        memcpy(to, run.data, size);
        to += size;
        col += run.cols;
    }
}

void rows_span(const struct rows *r, uint64_t *from, uint64_t *to)
{
    if (r->t.order == ROWS_PAIRED)
        return;
    *from -= *from % r->head;
    *to += (r->head - *to % r->head) % r->head;
    if (*to > r->t.rows)
        *to = r->t.rows;
}
