/* The tensors of a model: found by name, their shapes held against the sizes, none left over that the forward pass
 * would not know of. Vectors (norms, biases) are made aligned float32; all other weights stay in the map as they
 * lie. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"

static uint64_t elements(const struct model_info *info, enum dimension d)
{
    switch (d) {
    case DIM_ONE: return 1;
    case DIM_WIDTH: return (uint64_t)info->width;
    case DIM_QUERY: return (uint64_t)info->heads * (uint64_t)info->head_width;
    case DIM_KEY: return (uint64_t)info->kv_heads * (uint64_t)info->head_width;
    case DIM_FF: return (uint64_t)info->ff_width;
    case DIM_VOCAB: return (uint64_t)info->vocab;
    case DIM_CONTEXT: return (uint64_t)info->context;
    case DIM_ANY: break;
    }
    return 0;
}

static enum error_code check_finite(const struct model *m, const char *name, const struct tensor *t, struct error *err)
{
    const float *values = t->data;
    for (uint64_t i = 0; i < t->cols; i++)
        if (!isfinite(values[i]))
            return error_set(err, ERR_CORRUPT,
                             "%s: element %" PRIu64 " of tensor %s is %s; the weights are damaged, "
                             "fetch the model again",
                             model_label(m), i, name, isnan(values[i]) ? "not a number" : "infinite");
    return ERR_NONE;
}

/* Vectors lie all over the file and are read now; everything else waits for the forward pass. */
static void expect_vectors(const struct model *m)
{
    const char *name;
    struct tensor t;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++)
        if (t.rows == 1)
            source_expect(t.data, tensor_row_bytes(&t));
}

/* Replaces a vector that is of another type, or lies where a float may not, by a copy that the model owns. */
static enum error_code make_floats(struct model *m, struct tensor *t, struct error *err)
{
    if (t->type == TENSOR_F32 && (uintptr_t)t->data % sizeof(float) == 0 && t->n_pieces == 0)
        return ERR_NONE;
    float **vectors = realloc(m->vectors, (m->n_vectors + 1) * sizeof *vectors);
    float *copy = malloc((size_t)t->cols * sizeof *copy);
    if (vectors != NULL)
        m->vectors = vectors;
    if (vectors == NULL || copy == NULL) {
        free(copy);
        return error_memory(err);
    }
    tensor_unpack_row(t, 0, copy);
    m->vectors[m->n_vectors++] = copy;
    *t = (struct tensor){.type = TENSOR_F32, .rows = 1, .cols = t->cols, .data = copy, .order = t->order};
    return ERR_NONE;
}

/* Finds one tensor; object is the struct that slot->offset counts in. */
static enum error_code read_slot(struct model *m, const struct tensor_slot *slot, const char *name, void *object,
                                 struct error *err)
{
    struct tensor t;
    if (!source_tensor(m->source, name, &t)) {
        if (slot->optional)
            return ERR_NONE;
        return error_set(err, ERR_FORMAT, "%s: tensor %s is missing; the file is incomplete, fetch it again",
                         model_label(m), name);
    }
    uint64_t rows = slot->rows == DIM_ANY ? t.rows : elements(&m->info, slot->rows);
    uint64_t cols = elements(&m->info, slot->cols);
    if (t.rows != rows || t.cols != cols)
        return error_set(err, ERR_FORMAT,
                         "%s: tensor %s is %" PRIu64 " x %" PRIu64 ", its model's sizes call for %" PRIu64 " x %" PRIu64
                         "; the file is damaged, fetch it again",
                         model_label(m), name, t.cols, t.rows, cols, rows);
    if (!tensor_is_sound(&t))
        return error_set(err, ERR_FORMAT,
                         "%s: the pieces of tensor %s do not make up a matrix; the files are damaged "
                         "or do not belong together, fetch them again",
                         model_label(m), name);
    enum error_code code = ERR_NONE;
    if (slot->rows == DIM_ONE) {
        code = make_floats(m, &t, err);
        if (code == ERR_NONE)
            code = check_finite(m, name, &t, err);
    }
    memcpy((char *)object + slot->offset, &t, sizeof t);
    return code;
}

static bool has_slot(const struct tensor_slot *slots, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, slots[i].name) == 0)
            return true;
    return false;
}

static bool is_known(const struct model *m, const char *name)
{
    const struct architecture *a = m->architecture;
    if (has_slot(a->whole, a->n_whole, name) || architecture_ignores(a, name))
        return true;
    int number = -1, used = 0;
    if (sscanf(name, "blk.%6d.%n", &number, &used) != 1 || used == 0 || number < 0 || number >= m->info.layers)
        return false;
    return has_slot(a->layer, a->n_layer, name + used);
}

/* A tensor that goes unused would mean a model that computes something else than the forward pass does. */
static enum error_code refuse_others(const struct model *m, struct error *err)
{
    const char *name;
    struct tensor t;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++) {
        if (!is_known(m, name))
            return error_set(err, ERR_UNSUPPORTED,
                             "%s: tensor %s belongs to no %s model of %" PRId32 " layers that "
                             "Palaver knows; this is another kind of model",
                             model_label(m), name, m->architecture->family, m->info.layers);
    }
    return ERR_NONE;
}

/* A bias is added to rows as they come, so it must come in the same order. */
static enum error_code check_orders(const struct model *m, const struct model_layer *l, struct error *err)
{
    bool q = l->bq.data == NULL || l->bq.order == l->wq.order, k = l->bk.data == NULL || l->bk.order == l->wk.order;
    if (q && k)
        return ERR_NONE;
    return error_set(err, ERR_UNSUPPORTED,
                     "%s: %s and its bias have their rows in different orders, which Palaver "
                     "does not support",
                     model_label(m), q ? "attn_k" : "attn_q");
}

static enum error_code read_layer(struct model *m, int32_t i, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (size_t k = 0; code == ERR_NONE && k < m->architecture->n_layer; k++) {
        const struct tensor_slot *slot = &m->architecture->layer[k];
        char name[64];
        snprintf(name, sizeof name, "blk.%" PRId32 ".%s", i, slot->name);
        code = read_slot(m, slot, name, &m->layers[i], err);
    }
    if (code == ERR_NONE)
        code = check_orders(m, &m->layers[i], err);
    return code;
}

enum error_code model_read_tensors(struct model *m, struct error *err)
{
    enum error_code code = ERR_NONE;
    m->layers = calloc((size_t)m->info.layers, sizeof *m->layers);
    if (m->layers == NULL)
        return error_memory(err);
    expect_vectors(m);
    for (size_t k = 0; code == ERR_NONE && k < m->architecture->n_whole; k++)
        code = read_slot(m, &m->architecture->whole[k], m->architecture->whole[k].name, m, err);
    for (int32_t i = 0; code == ERR_NONE && i < m->info.layers; i++)
        code = read_layer(m, i, err);
    if (code == ERR_NONE && m->output.data == NULL)
        m->output = m->embedding;
    return code == ERR_NONE ? refuse_others(m, err) : code;
}
