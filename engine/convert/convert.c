/* Conversions: the plan. Which tensors in which order, what becomes of each, and which keys stand before them.
 *
 * The order is that in which a forward pass reads, so that a file larger than memory is read from front to back. */
#include <config.h>

#include "engine/convert/convert.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/convert/recipe.h"
#include "engine/file/metadata.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/model/rope-scaling.h"

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* Where a tensor of this name stands: by layer, then by the order of computing. */
struct place {
    int32_t layer;
    size_t at;
};

static struct place place_of(const char *name)
{
    static const char *const first[] = {"rope_freqs.weight", "token_embd.weight"};
    static const char *const layer[] = {
        "attn_norm.", "attn_q.", "attn_k.", "attn_v.", "attn_output.", "ffn_norm.", "ffn_gate.", "ffn_up.", "ffn_down.",
    };
    int number, used = 0;
    size_t at = 0;
    if (sscanf(name, "blk.%6d.%n", &number, &used) == 1 && used > 0) {
        while (at < sizeof layer / sizeof *layer && strncmp(name + used, layer[at], strlen(layer[at])) != 0)
            at++;
        return (struct place){number, at};
    }
    while (at < sizeof first / sizeof *first && strcmp(name, first[at]) != 0)
        at++;
    return (struct place){at < sizeof first / sizeof *first ? -1 : INT32_MAX, at};
}

/* Names decide between equals: a weight and its bias, the output's norm and the output. */
static int by_place(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    const struct place p = place_of(x->name), q = place_of(y->name);
    if (p.layer != q.layer)
        return p.layer < q.layer ? -1 : 1;
    return p.at != q.at ? (p.at < q.at ? -1 : 1) : -strcmp(x->name, y->name);
}

static enum error_code list_tasks(struct conversion *c, const struct recipe *r, struct error *err)
{
    const struct source *s = c->model->source;
    const char *name;
    struct tensor t;
    while (source_tensor_at(s, c->n, &name, &t))
        c->n++;
    c->tasks = calloc(c->n, sizeof *c->tasks);
    if (c->tasks == NULL)
        return error_memory(err);
    for (size_t i = 0; source_tensor_at(s, i, &name, &t); i++)
        c->tasks[i] = (struct task){.name = name, .from = t, .to = recipe_choose(r, name, &t)};
    qsort(c->tasks, c->n, sizeof *c->tasks, by_place);
    return ERR_NONE;
}

/* Packing what is packed already loses more than once, so it must be asked for. */
static enum error_code refuse_requantising(const struct conversion *c, struct error *err)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct task *t = &c->tasks[i];
        if (t->to != t->from.type && tensor_traits(t->from.type)->block > 1)
            return error_set(
                err, ERR_ARGUMENT,
                "%s: is quantised already (%s is %s), so another type would only add errors; begin with the "
                "F16 or BF16 form of the model, or insist with --allow-requantize",
                model_label(c->model), t->name, tensor_traits(t->from.type)->name);
    }
    return ERR_NONE;
}

/* ---- the importance matrix -------------------------------------------------------------------------------------- */

/* Every entry belongs to a matrix of the model, else it is another model's. Output weights are packed without. */
static enum error_code match_imatrix(struct conversion *c, struct error *err)
{
    const struct imatrix_entry *e;
    struct tensor t;
    for (size_t i = 0; (e = imatrix_at(c->imatrix, i)) != NULL; i++) {
        const bool output = strcmp(e->name, "output.weight") == 0; /* a model whose embedding serves has none */
        const bool there = source_tensor(c->model->source, e->name, &t);
        if (!there && !output)
            return error_set(
                err, ERR_FORMAT,
                "the importance matrix is another model's: it has %.80s, and %s has no tensor of that name", e->name,
                model_label(c->model));
        if (there && t.cols != e->n)
            return error_set(err, ERR_FORMAT,
                             "the importance matrix is another model's: %s has %" PRIu64 " columns in it and %" PRIu64
                             " in %s",
                             e->name, e->n, t.cols, model_label(c->model));
    }
    for (size_t i = 0; i < c->n; i++) {
        e = imatrix_find(c->imatrix, c->tasks[i].name);
        if (e != NULL && strcmp(e->name, "output.weight") != 0)
            c->tasks[i].importance = e->values;
    }
    return ERR_NONE;
}

/* ---- metadata --------------------------------------------------------------------------------------------------- */

/* Keys that say how the source lies in its files, or what is told anew. */
static bool is_left_out(const struct conversion *c, const char *key)
{
    static const char *const keys[] = {"general.alignment", "general.file_type", "general.quantization_version"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return strncmp(key, "split.", 6) == 0 || (c->imatrix != NULL && strncmp(key, "quantize.imatrix.", 17) == 0);
}

/* The number of a type of files that are mostly of the type that most of the model's bytes have. */
static uint32_t number_of_most(const struct conversion *c)
{
    uint64_t bytes[TENSOR_TYPE_LIMIT] = {0};
    size_t most = TENSOR_F32;
    const struct recipe_type *type;
    for (size_t i = 0; i < c->n; i++)
        bytes[c->tasks[i].to] += tensor_row_bytes(&c->tasks[i].from) * c->tasks[i].from.rows;
    for (size_t i = 0; i < TENSOR_TYPE_LIMIT; i++)
        most = bytes[i] > bytes[most] ? i : most;
    for (size_t i = 0; (type = recipe_type_at(i)) != NULL; i++)
        if (type->base == most)
            return type->number;
    return 0;
}

static uint32_t file_type(const struct conversion *c, const struct recipe *r)
{
    uint64_t own;
    if (recipe_type(r) != NULL)
        return recipe_type(r)->number;
    return source_uint(c->model->source, "general.file_type", &own) && own < UINT32_MAX ? (uint32_t)own
                                                                                        : number_of_most(c);
}

/* The key under which a value is written. Dynamic scaling of rotary positions goes under keys of our own: llama.cpp does not
 * know it, but would take its factor for a linear one, where without it the model is itself up to its trained context. */
static const char *written_key(const struct conversion *c, const char *key, char own[96])
{
    static const char prefix[] = "llama.rope.scaling.";
    const char *type;
    uint64_t size;
    enum rope_kind kind;
    if (strncmp(key, prefix, strlen(prefix)) != 0 || strlen(key) > 80 ||
        !source_string(c->model->source, "llama.rope.scaling.type", &type, &size) ||
        !rope_kind_parse(type, size, &kind) || kind != ROPE_DYNAMIC)
        return key;
    snprintf(own, 96, "palaver.rope.scaling.%s", key + strlen(prefix));
    return own;
}

static void describe(const struct conversion *c, const struct recipe *r, const char *imatrix, struct metadata *m)
{
    const char *key;
    const struct value *value;
    char own[96];
    for (uint64_t i = 0; source_value_at(c->model->source, i, &key, &value); i++)
        if (!is_left_out(c, key))
            metadata_value(m, written_key(c, key, own), value);
    metadata_uint(m, "general.quantization_version", 2);
    metadata_uint(m, "general.file_type", file_type(c, r));
    if (c->imatrix == NULL)
        return;
    const char *dataset = imatrix_dataset(c->imatrix), *file = source_label(imatrix);
    metadata_text(m, "quantize.imatrix.file", file, strlen(file));
    if (*dataset != '\0')
        metadata_text(m, "quantize.imatrix.dataset", dataset, strlen(dataset));
    metadata_uint(m, "quantize.imatrix.entries_count", (uint32_t)imatrix_size(c->imatrix));
    if (imatrix_chunks(c->imatrix) > 0)
        metadata_uint(m, "quantize.imatrix.chunks_count", imatrix_chunks(c->imatrix));
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static struct recipe *make_recipe(const struct conversion *c, const struct conversion_options *o, struct error *err)
{
    const struct model_info *info = &c->model->info;
    const struct recipe_model model = {info->layers, info->heads, info->kv_heads,
                                       c->model->output.data == c->model->embedding.data};
    const struct recipe_options options = {
        .type = o->type,
        .output_type = o->output_type,
        .embedding_type = o->embedding_type,
        .tensor_types = o->tensor_types,
        .pure = o->pure,
        .imatrix = o->imatrix != NULL,
    };
    return recipe_new(&options, &model, err);
}

static struct gguf_writer *make_writer(const struct conversion *c, const struct recipe *r,
                                       const struct conversion_options *o, const char *path, struct error *err)
{
    struct metadata m;
    struct gguf_writer *writer = NULL;
    struct gguf_entry *entries = calloc(c->n, sizeof *entries);
    metadata_init(&m);
    describe(c, r, o->imatrix, &m);
    for (size_t i = 0; entries != NULL && i < c->n; i++) {
        const struct task *t = &c->tasks[i];
        entries[i] = (struct gguf_entry){t->name, t->to, t->from.rows, t->from.cols};
    }
    if (entries == NULL || metadata_failed(&m))
        error_memory(err);
    else
        writer = gguf_writer_new(path, &m, entries, c->n, o->part_bytes, err);
    metadata_free(&m);
    free(entries);
    return writer;
}

struct conversion *conversion_new(const struct model *model, const struct conversion_options *o, const char *path,
                                  struct error *err)
{
    struct conversion *c = calloc(1, sizeof *c);
    struct recipe *r = NULL;
    if (c == NULL) {
        error_memory(err);
        return NULL;
    }
    c->model = model;
    enum error_code code = ERR_NONE;
    if (o->imatrix != NULL && (c->imatrix = imatrix_open(o->imatrix, err)) == NULL)
        code = ERR_FORMAT;
    if (code == ERR_NONE && (r = make_recipe(c, o, err)) == NULL)
        code = ERR_ARGUMENT;
    if (code == ERR_NONE)
        code = list_tasks(c, r, err);
    if (code == ERR_NONE && !o->requantize)
        code = refuse_requantising(c, err);
    if (code == ERR_NONE && c->imatrix != NULL)
        code = match_imatrix(c, err);
    if (code == ERR_NONE)
        c->writer = make_writer(c, r, o, path, err);
    recipe_free(r);
    if (c->writer != NULL)
        return c;
    conversion_free(c);
    return NULL;
}

void conversion_free(struct conversion *c)
{
    if (c == NULL)
        return;
    gguf_writer_free(c->writer);
    imatrix_free(c->imatrix);
    free(c->tasks);
    free(c);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

bool conversion_row(const struct conversion *c, size_t i, struct conversion_row *out)
{
    if (i >= c->n)
        return false;
    const struct task *t = &c->tasks[i];
    const struct gguf_entry e = {t->name, t->to, t->from.rows, t->from.cols};
    *out = (struct conversion_row){
        .name = t->name,
        .from = tensor_traits(t->from.type)->name,
        .to = tensor_traits(t->to)->name,
        .rows = t->from.rows,
        .cols = t->from.cols,
        .bytes = gguf_entry_bytes(&e),
        .weighted = t->importance != NULL,
    };
    return true;
}

uint64_t conversion_bytes(const struct conversion *c)
{
    return gguf_writer_bytes(c->writer);
}

const char *conversion_path(const struct conversion *c, size_t i)
{
    return gguf_writer_path(c->writer, i);
}

const char *conversion_type(size_t i)
{
    const struct recipe_type *type = recipe_type_at(i);
    return type != NULL ? type->name : NULL;
}
