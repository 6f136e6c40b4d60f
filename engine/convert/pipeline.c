/* Conversions: the work. A tensor goes through in slabs of rows: all threads take stretches of a slab, unpack their rows
 * and pack them into it, then it is written. What was read is given back to the system, so that neither the size of the
 * model nor that of its largest tensor matters: a slab and a stretch of float32 by thread are all that is held.
 *
 * Every row is packed for itself, so that the bytes do not depend on how many threads there are. */
#include <config.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/convert/convert.h"
#include "engine/convert/rows.h"
#include "engine/file/source.h"
#include "engine/kernels/quantize.h"
#include "engine/run/pool.h"

#define SLAB_ELEMENTS (4 << 20)     /* of a slab, a whole row at least: 16 MB as float32 */
#define STRETCH_ELEMENTS (32 << 10) /* of a stretch, likewise: 128 kB, which stay in a core's cache */

struct pipeline {
    struct conversion *conversion;
    struct pool *pool;
    float *floats;        /* a stretch and a row more for each thread */
    size_t floats_each;   /* of a thread */
    unsigned char *slab;  /* packed rows */
    uint64_t done, total; /* elements */
    conversion_progress *progress;
    void *context;
    /* the present slab */
    const struct task *task;
    struct rows rows;
    uint64_t from, to;        /* its rows */
    uint64_t stretch;         /* rows of a stretch */
    size_t row_bytes;         /* packed */
    _Atomic uint64_t bad_row; /* the first one with a value that the type can't hold; UINT64_MAX: none */
};

/* ---- a stretch -------------------------------------------------------------------------------------------------- */

/* The greatest magnitude, as the bits of a float: NaN and infinity are above all others. */
static uint32_t greatest_bits(const float *x, uint64_t n)
{
    uint32_t greatest = 0, bits;
    for (uint64_t i = 0; i < n; i++) {
        memcpy(&bits, x + i, sizeof bits);
        bits &= 0x7fffffff;
        greatest = bits > greatest ? bits : greatest;
    }
    return greatest;
}

/* Whether all values have a place in the type: finite, and for F16 not so large that they would become infinite. */
static bool values_fit(enum tensor_type type, const float *x, uint64_t n)
{
    const uint32_t first_bad = type == TENSOR_F16 ? 0x477ff000 : 0x7f800000; /* 65520; infinity */
    return greatest_bits(x, n) < first_bad;
}

static void note_bad(struct pipeline *p, uint64_t row)
{
    uint64_t known = atomic_load(&p->bad_row);
    while (row < known && !atomic_compare_exchange_weak(&p->bad_row, &known, row))
        ;
}

/* Rows [from, to) of the task into the slab. */
static void pack_stretch(struct pipeline *p, uint64_t from, uint64_t to, float *floats)
{
    const struct task *t = p->task;
    const uint64_t cols = t->from.cols;
    unsigned char *out = p->slab + (size_t)(from - p->from) * p->row_bytes;
    float *scratch = floats + p->stretch * cols;
    if (t->to == t->from.type && t->from.rows > 1) {
        for (uint64_t row = from; row < to; row++, out += p->row_bytes)
            rows_copy(&p->rows, row, out);
        return;
    }
    for (uint64_t row = from; row < to; row++) {
        float *x = floats + (row - from) * cols;
        rows_unpack(&p->rows, row, x, scratch);
        if (!values_fit(t->to, x, cols))
            note_bad(p, row);
    }
    quantize_rows(t->to, floats, to - from, cols, t->importance, out);
}

static void pack_slab(void *context, int32_t thread, int32_t threads)
{
    struct pipeline *p = context;
    float *floats = p->floats + (size_t)thread * p->floats_each;
    (void)threads;
    for (;;) {
        const uint64_t from = p->from + pool_take(p->pool) * p->stretch;
        if (from >= p->to)
            return;
        pack_stretch(p, from, from + p->stretch < p->to ? from + p->stretch : p->to, floats);
    }
}

/* ---- a tensor --------------------------------------------------------------------------------------------------- */

static uint64_t rows_in(uint64_t elements, uint64_t cols)
{
    return elements > cols ? elements / cols : 1;
}

static enum error_code bad_value(const struct pipeline *p, struct error *err)
{
    const struct task *t = p->task;
    float *row = calloc((size_t)t->from.cols * 2, sizeof *row);
    if (row == NULL)
        return error_memory(err);
    const uint64_t at = atomic_load(&p->bad_row);
    rows_unpack(&p->rows, at, row, row + t->from.cols);
    const bool finite = values_fit(TENSOR_F32, row, t->from.cols);
    free(row);
    if (finite)
        return error_set(err, ERR_UNSUPPORTED,
                         "row %" PRIu64
                         " of tensor %s has a value beyond the 65504 that F16 can hold; convert to BF16 or "
                         "F32",
                         at, t->name);
    return error_set(err, ERR_CORRUPT,
                     "%s: row %" PRIu64 " of tensor %s has a value that is no finite number; the weights are damaged, "
                     "fetch the model again",
                     model_label(p->conversion->model), at, t->name);
}

static void expect_slab(const struct pipeline *p, uint64_t from, uint64_t rows)
{
    uint64_t to = from + rows < p->rows.t.rows ? from + rows : p->rows.t.rows;
    if (from >= to)
        return;
    rows_span(&p->rows, &from, &to);
    source_expect_rows(&p->rows.t, from, to);
}

static enum error_code convert_slab(struct pipeline *p, struct error *err)
{
    uint64_t from = p->from, to = p->to;
    pool_run(p->pool, pack_slab, p);
    if (atomic_load(&p->bad_row) != UINT64_MAX)
        return bad_value(p, err);
    rows_span(&p->rows, &from, &to);
    source_release_rows(p->conversion->model->source, &p->rows.t, from, to);
    enum error_code code =
        gguf_writer_append(p->conversion->writer, p->slab, (size_t)(p->to - p->from) * p->row_bytes, err);
    p->done += (p->to - p->from) * p->task->from.cols;
    if (code == ERR_NONE && p->progress != NULL && !p->progress(p->context, p->done, p->total))
        code = error_set(err, ERR_STOPPED, "stopped; nothing was written");
    return code;
}

static enum error_code convert_tensor(struct pipeline *p, const struct task *t, struct error *err)
{
    const struct model *m = p->conversion->model;
    const uint64_t rows = rows_in(SLAB_ELEMENTS, t->from.cols);
    const struct gguf_entry row = {t->name, t->to, 1, t->from.cols};
    enum error_code code = ERR_NONE;
    p->task = t;
    p->rows = (struct rows){t->from, (uint64_t)m->info.head_width, 2 * (uint64_t)m->rope_pairs};
    p->stretch = rows_in(STRETCH_ELEMENTS, t->from.cols);
    p->row_bytes = (size_t)gguf_entry_bytes(&row);
    expect_slab(p, 0, rows);
    for (uint64_t from = 0; from < t->from.rows && code == ERR_NONE; from += rows) {
        p->from = from;
        p->to = from + rows < t->from.rows ? from + rows : t->from.rows;
        expect_slab(p, from + rows, rows);
        code = convert_slab(p, err);
    }
    return code;
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

/* Memory for the widest and the largest of the tensors. */
static enum error_code make_room(struct pipeline *p, struct error *err)
{
    uint64_t floats = 0, slab = 0;
    for (size_t i = 0; i < p->conversion->n; i++) {
        const struct task *t = &p->conversion->tasks[i];
        const struct gguf_entry row = {t->name, t->to, 1, t->from.cols};
        const uint64_t each = (rows_in(STRETCH_ELEMENTS, t->from.cols) + 1) * t->from.cols;
        uint64_t rows = rows_in(SLAB_ELEMENTS, t->from.cols);
        rows = rows < t->from.rows ? rows : t->from.rows;
        floats = each > floats ? each : floats;
        slab = rows * gguf_entry_bytes(&row) > slab ? rows * gguf_entry_bytes(&row) : slab;
        p->total += t->from.rows * t->from.cols;
    }
    p->floats_each = (size_t)floats;
    p->floats = malloc((size_t)floats * (size_t)pool_threads(p->pool) * sizeof *p->floats);
    p->slab = malloc((size_t)slab);
    return p->floats != NULL && p->slab != NULL ? ERR_NONE : error_memory(err);
}

enum error_code conversion_write(struct conversion *c, bool replace, int32_t threads, conversion_progress *progress,
                                 void *context, struct error *err)
{
    struct pipeline p = {.conversion = c, .progress = progress, .context = context};
    atomic_init(&p.bad_row, UINT64_MAX);
    const char *path;
    for (size_t i = 0; (path = gguf_writer_path(c->writer, i)) != NULL; i++)
        if (source_has_file(c->model->source, path))
            return error_set(err, ERR_ARGUMENT, "%s: is the model that is read; give another name", path);
    p.pool = pool_new(threads > 0 ? threads : engine_cores(), err);
    enum error_code code = p.pool != NULL ? make_room(&p, err) : ERR_MEMORY;
    if (code == ERR_NONE)
        code = gguf_writer_begin(c->writer, replace, err);
    for (size_t i = 0; i < c->n && code == ERR_NONE; i++)
        code = convert_tensor(&p, &c->tasks[i], err);
    if (code == ERR_NONE)
        code = gguf_writer_end(c->writer, err);
    pool_free(p.pool);
    free(p.floats);
    free(p.slab);
    return code;
}
