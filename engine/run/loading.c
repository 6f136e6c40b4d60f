/* Loading in fewer bits: weights that are floats in the file become blocks in memory of the process's own.
 *
 * Tensor by tensor: the next one is asked of the disk, all threads pack rows of this one, and the file's pages are given
 * back behind it. So memory never holds more than the result and one tensor. All of the result lies in one stretch of
 * memory, which has the system's large pages. */
#include <config.h>

#include "engine/run/loading.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "engine/file/names.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/plan.h"
#include "engine/run/pool.h"

enum {
    UNIT_ELEMENTS = 1 << 16, /* unpacked by a thread at a time */
    ALIGNMENT = 64,          /* of a tensor in the stretch */
};
static const double PROGRESS_SECONDS = 0.1;

/* ---- the rule --------------------------------------------------------------------------------------------------- */

static bool is_float(enum tensor_type type)
{
    return type == TENSOR_F32 || type == TENSOR_F16 || type == TENSOR_BF16;
}

/* An encoder's positions and types of texts: added to every token, and small. */
static bool is_added(const struct model *m, const struct tensor *t)
{
    return m->info.encoder && t->data != NULL && (t->data == m->positions.data || t->data == m->token_types.data);
}

enum tensor_type loading_type(const struct model *m, enum model_load load, const struct tensor *t)
{
    if (load == LOAD_AS_IS || t->rows == 1 || !is_float(t->type) || is_added(m, t))
        return t->type;
    const bool eight = load == LOAD_8BIT || t->rows == (uint64_t)m->info.vocab;
    const enum tensor_type choices[] = {eight ? TENSOR_Q8_0 : TENSOR_Q4_K, eight ? TENSOR_Q8_0 : TENSOR_Q4_0};
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (t->cols % tensor_traits(choices[i])->block == 0)
            return choices[i];
    return t->type;
}

static uint64_t bytes_as(const struct tensor *t, enum tensor_type type)
{
    const struct tensor_traits *traits = tensor_traits(type);
    return t->rows * (t->cols / traits->block) * traits->block_bytes;
}

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

struct loading_sums loading_sum(const struct model *m, enum model_load load)
{
    const char *name;
    struct tensor t;
    struct loading_sums sums = {0};
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++) {
        const enum tensor_type type = loading_type(m, load, &t);
        const uint64_t bytes = bytes_as(&t, t.type);
        if (t.rows > 1)
            sums.types |= UINT64_C(1) << type;
        if (type == t.type)
            continue;
        sums.before += bytes;
        sums.after += bytes_as(&t, type);
        sums.stretch += aligned(bytes_as(&t, type));
        sums.largest = bytes > sums.largest ? bytes : sums.largest;
    }
    return sums;
}

/* ---- one tensor ------------------------------------------------------------------------------------------------- */

struct loading {
    struct model *model;
    enum model_load load;
    struct pool *pool;
    float *floats; /* (threads, floats_each) */
    uint64_t floats_each;
    model_progress *progress;
    void *context;
    uint64_t total; /* bytes of the file to be read */
    double told;    /* when the caller was last told */
    uint8_t *to;    /* where the next tensor goes */

    struct tensor from; /* the tensor at hand */
    enum tensor_type type;
    uint64_t unit; /* its rows packed at a time */
    _Atomic uint64_t done;
    atomic_bool stopped, damaged;
};

static bool all_finite(const float *x, uint64_t n)
{
    bool finite = true;
    for (uint64_t i = 0; i < n; i++)
        finite = finite && isfinite(x[i]);
    return finite;
}

/* Only the thread that called tells its caller. */
static void tell_progress(struct loading *l, int32_t thread)
{
    if (thread != 0 || l->progress == NULL || clock_seconds() - l->told < PROGRESS_SECONDS)
        return;
    l->told = clock_seconds();
    if (!l->progress(l->context, atomic_load(&l->done), l->total))
        atomic_store(&l->stopped, true);
}

static void pack_units(void *context, int32_t thread, int32_t threads)
{
    (void)threads;
    struct loading *l = context;
    const struct tensor *t = &l->from;
    float *x = l->floats + (uint64_t)thread * l->floats_each;
    const uint64_t row_bytes = tensor_row_bytes(t), packed = bytes_as(t, l->type) / t->rows;
    for (uint64_t row; (row = pool_take(l->pool) * l->unit) < t->rows && !atomic_load(&l->stopped);) {
        const uint64_t rows = t->rows - row < l->unit ? t->rows - row : l->unit;
        for (uint64_t r = 0; r < rows; r++)
            tensor_unpack_row(t, row + r, x + r * t->cols);
        if (!all_finite(x, rows * t->cols))
            atomic_store(&l->damaged, true);
        quantize_rows(l->type, x, rows, t->cols, NULL, l->to + row * packed);
        atomic_fetch_add(&l->done, rows * row_bytes);
        tell_progress(l, thread);
    }
}

static void expect_tensor(const struct tensor *t)
{
    const void *bytes;
    uint64_t size;
    for (size_t i = 0; (bytes = tensor_stretch(t, i, &size)) != NULL; i++)
        source_expect(bytes, size);
}

static void let_tensor_go(const struct source *s, const struct tensor *t)
{
    const void *bytes;
    uint64_t size;
    for (size_t i = 0; (bytes = tensor_stretch(t, i, &size)) != NULL; i++)
        source_let_go(s, bytes, size);
}

static uint64_t unit_rows(const struct tensor *t)
{
    return t->cols < UNIT_ELEMENTS ? UNIT_ELEMENTS / t->cols : 1;
}

/* Packs tensor number i, if it changes, and puts the result in its place. */
static enum error_code load_tensor(struct loading *l, uint64_t i, struct error *err)
{
    const char *name, *next_name;
    struct tensor next;
    source_tensor_at(l->model->source, i, &name, &l->from);
    l->type = loading_type(l->model, l->load, &l->from);
    if (l->type == l->from.type)
        return ERR_NONE;
    if (source_tensor_at(l->model->source, i + 1, &next_name, &next))
        expect_tensor(&next);
    l->unit = unit_rows(&l->from);
    pool_run(l->pool, pack_units, l);
    if (atomic_load(&l->stopped))
        return error_set(err, ERR_STOPPED, "stopped");
    if (atomic_load(&l->damaged))
        return error_set(err, ERR_CORRUPT,
                         "%s: tensor %s holds numbers that are infinite or none at all; the weights are damaged, fetch "
                         "the model again",
                         model_label(l->model), name);
    let_tensor_go(l->model->source, &l->from);
    struct tensor packed = {
        .type = l->type, .rows = l->from.rows, .cols = l->from.cols, .data = l->to, .order = l->from.order};
    l->to += aligned(bytes_as(&packed, l->type));
    source_set_tensor(l->model->source, i, packed);
    return ERR_NONE;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static const char *load_name(enum model_load load)
{
    return load == LOAD_8BIT ? "8 bits" : "4 bits";
}

/* Memory that is promised and not there would be taken from other programs. */
static enum error_code check_room(const struct model *m, enum model_load load, const struct loading_sums *sums,
                                  struct error *err)
{
    struct memory memory;
    if (!memory_read("", &memory) || sums->after + sums->largest + plan_reserve(memory.total) <= memory.available)
        return ERR_NONE;
    return error_set(err, ERR_MEMORY,
                     "%s: its weights take %.1f GB in %s, and %.1f GB of memory are available%s; close other programs, "
                     "%sor load the model as it is: it is then read from disk as it runs",
                     model_label(m), (double)sums->after / 1e9, load_name(load), (double)memory.available / 1e9,
                     memory.limited ? " (the limit of a control group)" : "",
                     load == LOAD_8BIT ? "load it in 4 bits, " : "");
}

static uint8_t *new_stretch(const struct model *m, uint64_t size, struct error *err)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) {
        error_system(err, ERR_MEMORY, errno, "%s: no memory for %.1f GB of weights; load the model as it is",
                     model_label(m), (double)size / 1e9);
        return NULL;
    }
    madvise(bytes, size, MADV_HUGEPAGE);
    return bytes;
}

/* Room for each thread's floats, as large as the widest tensor asks for. */
static bool make_room(struct loading *l, struct error *err)
{
    const char *name;
    struct tensor t;
    for (uint64_t i = 0; source_tensor_at(l->model->source, i, &name, &t); i++) {
        const uint64_t floats = unit_rows(&t) * t.cols;
        l->floats_each = floats > l->floats_each ? floats : l->floats_each;
    }
    l->floats = calloc((size_t)pool_threads(l->pool) * l->floats_each, sizeof *l->floats);
    if (l->floats == NULL)
        error_memory(err);
    return l->floats != NULL;
}

static enum error_code load_tensors(struct loading *l, struct error *err)
{
    const char *name;
    struct tensor t;
    enum error_code code = make_room(l, err) ? ERR_NONE : err->code;
    for (uint64_t i = 0; code == ERR_NONE && source_tensor_at(l->model->source, i, &name, &t); i++)
        code = load_tensor(l, i, err);
    free(l->floats);
    return code;
}

enum error_code model_load_in(struct model *m, enum model_load load, int32_t threads, model_progress *progress,
                              void *context, struct error *err)
{
    const struct loading_sums sums = loading_sum(m, load);
    const uint64_t fingerprint = model_fingerprint_in(m, load);
    if (sums.before == 0)
        return ERR_NONE;
    if (check_room(m, load, &sums, err) != ERR_NONE)
        return err->code;
    struct loading l = {.model = m, .load = load, .progress = progress, .context = context, .total = sums.before};
    l.to = new_stretch(m, sums.stretch, err);
    if (l.to == NULL)
        return err->code;
    uint8_t *stretch = l.to;
    model_own_weights(m, stretch, sums.stretch);
    l.pool = pool_new(threads > 0 ? threads : engine_cores(), err);
    enum error_code code = l.pool != NULL ? load_tensors(&l, err) : err->code;
    pool_free(l.pool);
    if (code != ERR_NONE)
        return code;
    mprotect(stretch, sums.stretch, PROT_READ);
    return model_reread_weights(m, &(struct model_loaded){load, sums.before, sums.after, fingerprint}, err);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* To be raised when the packing of loaded weights changes, and with it the answers. */
static const char *const load_marks[] = {[LOAD_8BIT] = "loaded in 8 bits, 1", [LOAD_4BIT] = "loaded in 4 bits, 1"};

uint64_t model_fingerprint_in(const struct model *m, enum model_load load)
{
    const uint64_t file = m->file_fingerprint;
    const bool changes = m->info.load != LOAD_AS_IS || loading_sum(m, load).before > 0;
    return load == LOAD_AS_IS || !changes ? file : names_hash(file, load_marks[load], strlen(load_marks[load]));
}
