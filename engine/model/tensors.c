/* The tensors of a model: found by name, their shapes held against the sizes, none left over that the forward pass
 * would not know of. Vectors (norms, biases) are made aligned float32; all other weights stay in the map as they lie. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/model.h"
#include "engine/file/source-kind.h"

enum dimension { DIM_ONE, DIM_WIDTH, DIM_QUERY, DIM_KEY, DIM_FF, DIM_VOCAB };

/* A tensor by name, its place in struct model or struct model_layer, and its shape. */
struct piece {
    const char *name;
    size_t offset;
    enum dimension rows, cols; /* DIM_ONE rows: a vector */
    bool optional;
};

static const struct piece whole[] = {
    {"token_embd.weight", offsetof(struct model, embedding), DIM_VOCAB, DIM_WIDTH, false},
    {"output_norm.weight", offsetof(struct model, output_norm), DIM_ONE, DIM_WIDTH, false},
    {"output.weight", offsetof(struct model, output), DIM_VOCAB, DIM_WIDTH, true},
};

static const struct piece layer[] = {
    {"attn_norm.weight", offsetof(struct model_layer, attn_norm), DIM_ONE, DIM_WIDTH, false},
    {"attn_q.weight", offsetof(struct model_layer, wq), DIM_QUERY, DIM_WIDTH, false},
    {"attn_k.weight", offsetof(struct model_layer, wk), DIM_KEY, DIM_WIDTH, false},
    {"attn_v.weight", offsetof(struct model_layer, wv), DIM_KEY, DIM_WIDTH, false},
    {"attn_output.weight", offsetof(struct model_layer, wo), DIM_WIDTH, DIM_QUERY, false},
    {"attn_q.bias", offsetof(struct model_layer, bq), DIM_ONE, DIM_QUERY, true},
    {"attn_k.bias", offsetof(struct model_layer, bk), DIM_ONE, DIM_KEY, true},
    {"attn_v.bias", offsetof(struct model_layer, bv), DIM_ONE, DIM_KEY, true},
    {"attn_output.bias", offsetof(struct model_layer, bo), DIM_ONE, DIM_WIDTH, true},
    {"ffn_norm.weight", offsetof(struct model_layer, ffn_norm), DIM_ONE, DIM_WIDTH, false},
    {"ffn_gate.weight", offsetof(struct model_layer, gate), DIM_FF, DIM_WIDTH, false},
    {"ffn_up.weight", offsetof(struct model_layer, up), DIM_FF, DIM_WIDTH, false},
    {"ffn_down.weight", offsetof(struct model_layer, down), DIM_WIDTH, DIM_FF, false},
    {"ffn_gate.bias", offsetof(struct model_layer, b_gate), DIM_ONE, DIM_FF, true},
    {"ffn_up.bias", offsetof(struct model_layer, b_up), DIM_ONE, DIM_FF, true},
    {"ffn_down.bias", offsetof(struct model_layer, b_down), DIM_ONE, DIM_WIDTH, true},
};

#define COUNT(table) (sizeof (table) / sizeof *(table))

static uint64_t elements(const struct model_info *info, enum dimension d)
{
    switch (d) {
    case DIM_ONE: return 1;
    case DIM_WIDTH: return (uint64_t)info->width;
    case DIM_QUERY: return (uint64_t)info->heads * (uint64_t)info->head_width;
    case DIM_KEY: return (uint64_t)info->kv_heads * (uint64_t)info->head_width;
    case DIM_FF: return (uint64_t)info->ff_width;
    case DIM_VOCAB: return (uint64_t)info->vocab;
    }
    return 0;
}

static enum error_code check_finite(const struct model *m, const char *name, const struct tensor *t,
                                    struct error *err)
{
    const float *values = t->data;
    for (uint64_t i = 0; i < t->cols; i++)
        if (!isfinite(values[i]))
            return error_set(err, ERR_CORRUPT, "%s: element %" PRIu64 " of tensor %s is %s; the weights are damaged, fetch "
                             "the model again", model_label(m), i, name, isnan(values[i]) ? "not a number" : "infinite");
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
    if (t->type == TENSOR_F32 && (uintptr_t)t->data % sizeof(float) == 0)
        return ERR_NONE;
    float **vectors = realloc(m->vectors, (m->n_vectors + 1) * sizeof *vectors);
    float *copy = malloc((size_t)t->cols * sizeof *copy);
    if (vectors != NULL)
        m->vectors = vectors;
    if (vectors == NULL || copy == NULL) {
        free(copy);
        return error_set(err, ERR_MEMORY, "out of memory");
    }
    tensor_unpack_row(t, 0, copy);
    m->vectors[m->n_vectors++] = copy;
    *t = (struct tensor){TENSOR_F32, 1, t->cols, copy};
    return ERR_NONE;
}

/* Finds one tensor; object is the struct that piece->offset counts in. */
static enum error_code read_piece(struct model *m, const struct piece *piece, const char *name, void *object,
                                  struct error *err)
{
    struct tensor t;
    if (!source_tensor(m->source, name, &t)) {
        if (piece->optional)
            return ERR_NONE;
        return error_set(err, ERR_FORMAT, "%s: tensor %s is missing; the file is incomplete, fetch it again",
                         model_label(m), name);
    }
    uint64_t rows = elements(&m->info, piece->rows), cols = elements(&m->info, piece->cols);
    if (t.rows != rows || t.cols != cols)
        return error_set(err, ERR_FORMAT, "%s: tensor %s is %" PRIu64 " x %" PRIu64 ", its model's sizes call for %"
                         PRIu64 " x %" PRIu64 "; the file is damaged, fetch it again", model_label(m), name, t.cols,
                         t.rows, cols, rows);
    enum error_code code = ERR_NONE;
    if (piece->rows == DIM_ONE) {
        code = make_floats(m, &t, err);
        if (code == ERR_NONE)
            code = check_finite(m, name, &t, err);
    }
    memcpy((char *)object + piece->offset, &t, sizeof t);
    return code;
}

/* Whether a tensor that no piece names may be passed over: what RoPE uses elsewhere, and what old converters left. */
static bool is_harmless(const char *name)
{
    size_t length = strlen(name);
    const char *old = "rot_embd.inv_freq";
    return strcmp(name, "rope_freqs.weight") == 0 ||
           (length > strlen(old) && strcmp(name + length - strlen(old), old) == 0);
}

static bool is_piece(const struct model *m, const char *name)
{
    for (size_t i = 0; i < COUNT(whole); i++)
        if (strcmp(name, whole[i].name) == 0)
            return true;
    int number = -1, used = 0;
    if (sscanf(name, "blk.%6d.%n", &number, &used) != 1 || used == 0 || number < 0 || number >= m->info.layers)
        return false;
    for (size_t i = 0; i < COUNT(layer); i++)
        if (strcmp(name + used, layer[i].name) == 0)
            return true;
    return false;
}

/* A tensor that goes unused would mean a model that computes something else than the forward pass does. */
static enum error_code refuse_others(const struct model *m, struct error *err)
{
    const char *name;
    struct tensor t;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++) {
        if (!is_piece(m, name) && !is_harmless(name))
            return error_set(err, ERR_UNSUPPORTED, "%s: tensor %s belongs to no Llama model of %" PRId32 " layers that "
                             "Palaver knows; this is another kind of model", model_label(m), name, m->info.layers);
    }
    return ERR_NONE;
}

static enum error_code read_layer(struct model *m, int32_t i, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (size_t k = 0; code == ERR_NONE && k < COUNT(layer); k++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%" PRId32 ".%s", i, layer[k].name);
        code = read_piece(m, &layer[k], name, &m->layers[i], err);
    }
    return code;
}

enum error_code model_read_tensors(struct model *m, struct error *err)
{
    enum error_code code = ERR_NONE;
    m->layers = calloc((size_t)m->info.layers, sizeof *m->layers);
    if (m->layers == NULL)
        return error_set(err, ERR_MEMORY, "out of memory");
    expect_vectors(m);
    for (size_t k = 0; code == ERR_NONE && k < COUNT(whole); k++)
        code = read_piece(m, &whole[k], whole[k].name, m, err);
    for (int32_t i = 0; code == ERR_NONE && i < m->info.layers; i++)
        code = read_layer(m, i, err);
    if (code == ERR_NONE && m->output.data == NULL)
        m->output = m->embedding;
    return code == ERR_NONE ? refuse_others(m, err) : code;
}
