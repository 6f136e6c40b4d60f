/* Opening a model: its texts, the table of types, and then the sizes, frequencies, tensors and vocabulary, each
 * checked. */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"

/* ---- texts ------------------------------------------------------------------------------------------------------ */

/* A copy that lives as long as the model; NULL when out of memory. */
static const char *keep_text(struct model *m, const char *bytes, uint64_t size)
{
    for (int i = 0; i < MODEL_TEXTS; i++)
        if (m->texts[i] == NULL)
            return m->texts[i] = strndup(bytes, (size_t)size);
    return NULL;
}

static const char *keep_key(struct model *m, const char *key, const char *fallback)
{
    const char *bytes;
    uint64_t size;
    if (!source_string(m->source, key, &bytes, &size) || size == 0)
        return fallback;
    return keep_text(m, bytes, size);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static enum error_code read_texts(struct model *m, const char *path, struct error *err)
{
    struct model_info *info = &m->info;
    info->path = keep_text(m, path, strlen(path));
    if (info->path == NULL)
        return error_memory(err);
    info->name = keep_key(m, "general.name", file_name(info->path));
    info->architecture = keep_key(m, "general.architecture", "");
    info->chat_template = keep_key(m, "tokenizer.chat_template", "");
    info->format = source_format(m->source);
    info->rope_scaling = "none";
    if (info->name == NULL || info->architecture == NULL || info->chat_template == NULL)
        return error_memory(err);
    return ERR_NONE;
}

/* ---- the table of types ----------------------------------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    const struct model_type *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : strcmp(x->name, y->name);
}

/* Counts tensors, bytes and parameters. Returns the number of tensors. */
static uint64_t tally(struct model *m)
{
    const char *name;
    struct tensor t;
    uint64_t i = 0;
    for (; source_tensor_at(m->source, i, &name, &t); i++) {
        struct model_type *type = &m->types[t.type];
        type->name = tensor_traits(t.type)->name;
        type->type = t.type;
        type->tensors++;
        type->bytes += t.rows * tensor_row_bytes(&t);
        m->info.parameters += t.rows * t.cols;
    }
    for (int type = 0; type < TENSOR_TYPE_LIMIT; type++)
        if (m->types[type].tensors > 0)
            m->types[m->n_types++] = m->types[type];
    qsort(m->types, (size_t)m->n_types, sizeof *m->types, by_bytes);
    m->info.type = m->n_types > 0 ? m->types[0].name : "";
    return i;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum error_code find_architecture(struct model *m, struct error *err)
{
    m->architecture = architecture_find(m->info.architecture);
    if (m->architecture != NULL) {
        m->info.encoder = m->architecture->graph == GRAPH_BERT;
        return ERR_NONE;
    }
    if (m->info.architecture[0] == '\0')
        return error_set(err, ERR_FORMAT,
                         "%s: says nothing of its architecture (general.architecture); it is no "
                         "language model, or damaged",
                         model_label(m));
    struct buf known;
    const struct architecture *a;
    buf_init(&known, 300);
    for (size_t i = 0; (a = architecture_at(i)) != NULL; i++)
        buf_printf(&known, "%s'%s'", i == 0 ? "" : ", ", a->name);
    error_set(err, ERR_UNSUPPORTED, "%s: architecture '%.64s' is not supported, Palaver runs %s models", model_label(m),
              m->info.architecture, buf_text(&known));
    buf_free(&known);
    return ERR_UNSUPPORTED;
}

/* The vocabulary's size, which the embedding is held against before the tokenizer is built. */
static enum error_code count_vocabulary(struct model *m, struct error *err)
{
    uint64_t n;
    if (!source_array(m->source, "tokenizer.ggml.tokens", &n))
        return error_set(err, ERR_FORMAT,
                         "%s: holds no vocabulary (tokenizer.ggml.tokens); convert the model again "
                         "together with its tokenizer",
                         model_label(m));
    if (n == 0 || n > 1 << 24)
        return error_set(err, ERR_FORMAT,
                         "%s: a vocabulary of %" PRIu64 " tokens, it must have 1 to 16777216; the "
                         "file is damaged, fetch it again",
                         model_label(m), n);
    m->info.vocab = (int32_t)n;
    return ERR_NONE;
}

static enum error_code read_weights(struct model *m, struct error *err)
{
    uint64_t n_tensors = tally(m);
    enum error_code code = find_architecture(m, err);
    if (code == ERR_NONE && n_tensors == 0)
        code = error_set(err, ERR_NOT_FOUND,
                         "%s: holds no weights, only a vocabulary or an adapter; give the model "
                         "itself",
                         model_label(m));
    if (code == ERR_NONE)
        code = model_read_sizes(m, err);
    if (code == ERR_NONE && (uint64_t)m->info.layers > n_tensors)
        code = error_set(err, ERR_FORMAT,
                         "%s: %" PRId32 " layers announced, but there are only %" PRIu64 " tensors; "
                         "the file is damaged, fetch it again",
                         model_label(m), m->info.layers, n_tensors);
    if (code == ERR_NONE)
        code = model_read_rope(m, err);
    return code == ERR_NONE ? model_read_tensors(m, err) : code;
}

void model_own_weights(struct model *m, void *mapping, size_t size)
{
    m->own_weights = mapping;
    m->own_bytes = size;
}

enum error_code model_reread_weights(struct model *m, const struct model_loaded *loaded, struct error *err)
{
    for (size_t i = 0; i < m->n_vectors; i++)
        free(m->vectors[i]);
    free(m->layers);
    memset(m->types, 0, TENSOR_TYPE_LIMIT * sizeof *m->types);
    m->layers = NULL;
    m->n_vectors = 0;
    m->n_types = 0;
    m->output = (struct tensor){0};
    m->info.parameters = 0;
    m->info.load = loaded->load;
    m->info.load_file_bytes = loaded->file_bytes;
    m->info.load_bytes = loaded->bytes;
    m->info.fingerprint = loaded->fingerprint;
    tally(m);
    return model_read_tensors(m, err);
}

/* "byte-level BPE (smollm)": the tokenizer's kind and the model's own rules for cutting words. */
static const char *describe_tokenizer(struct model *m)
{
    const char *pre;
    uint64_t size;
    if (m->tokenizer->kind->scored || !source_string(m->source, "tokenizer.ggml.pre", &pre, &size))
        return m->tokenizer->kind->title;
    char text[96];
    int used = snprintf(text, sizeof text, "%s (%.*s)", m->tokenizer->kind->title, size < 64 ? (int)size : 64, pre);
    return keep_text(m, text, (uint64_t)used);
}

static enum error_code read_vocabulary(struct model *m, struct error *err)
{
    struct error inner = {0};
    m->tokenizer = tokenizer_open(m->source, &inner);
    if (m->tokenizer == NULL)
        return error_set(err, inner.code, "%s: %s", model_label(m), inner.message);
    special_add_end(m->tokenizer, template_text_end(m->info.chat_template, m->tokenizer));
    m->info.tokenizer = describe_tokenizer(m);
    return m->info.tokenizer != NULL ? ERR_NONE : error_memory(err);
}

/* What is known of a model without its weights, whose sizes are not read otherwise. */
static void read_context(struct model *m)
{
    uint64_t context;
    m->architecture = architecture_find(m->info.architecture);
    m->info.encoder = m->architecture != NULL && m->architecture->graph == GRAPH_BERT;
    if (m->architecture != NULL && m->architecture->keys.context != NULL &&
        source_uint(m->source, model_key(m, m->architecture->keys.context).text, &context) && context <= INT32_MAX)
        m->info.context = (int32_t)context;
}

static enum error_code read_model(struct model *m, const char *path, bool vocab_only, struct error *err)
{
    m->types = calloc(TENSOR_TYPE_LIMIT, sizeof *m->types);
    if (m->types == NULL)
        return error_memory(err);
    m->info.file_bytes = source_file_bytes(m->source);
    m->info.type = "";
    enum error_code code = read_texts(m, path, err);
    if (code == ERR_NONE)
        code = count_vocabulary(m, err);
    if (code == ERR_NONE && vocab_only)
        read_context(m);
    if (code == ERR_NONE && !vocab_only)
        code = read_weights(m, err);
    if (code == ERR_NONE)
        code = read_vocabulary(m, err);
    if (code == ERR_NONE)
        m->info.fingerprint = m->file_fingerprint = model_make_fingerprint(m);
    return code;
}

struct model *model_from_source(struct source *source, const char *path, const struct model_options *options,
                                struct error *err)
{
    struct model *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_memory(err);
        source_free(source);
        return NULL;
    }
    m->source = source;
    if (read_model(m, path, options != NULL && options->vocab_only, err) == ERR_NONE)
        return m;
    model_free(m);
    return NULL;
}

struct model *model_open(const char *path, const struct model_options *options, struct error *err)
{
    struct source *source = source_open(path, options != NULL && options->vocab_only, err);
    return source == NULL ? NULL : model_from_source(source, path, options, err);
}
