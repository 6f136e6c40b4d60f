/* Meta's folders: params.json, consolidated.00.pth to NN.pth (or consolidated-00000-of-0000N), and tokenizer.model beside
 * them or one level up.
 *
 * With several files each holds a part of every matrix: some rows of wq, wk, wv, w1, w3 and output, some columns of wo, w2
 * and the embedding; norms are in all. The parts become pieces of one tensor, used where they lie. Query and key rows
 * stand in pairs, as in GGUF. Llama 2's params say neither the context nor the feed-forward width: the first follows from
 * the generation, the second from the tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/folder.h"

enum { FILES_MOST = 64 };

/* How the files of a folder are named. */
struct naming {
    bool counted;  /* consolidated-00001-of-00008.pth, else consolidated.00.pth */
    unsigned base; /* the first one's number, of counted ones */
    size_t n;      /* as many as there are without a gap, or as the names say */
};

struct params {
    json_t *root;
    uint64_t width, layers, heads, kv_heads, vocabulary;
    double epsilon, rope_base;
    struct naming naming;
    struct weights files[FILES_MOST]; /* of each file */
    size_t n_files;
};

static enum error_code param_fault(const struct folder *f, const char *name, const char *what)
{
    return error_set(f->err, ERR_FORMAT, "%s/params.json: %s %s; fetch the file again", source_label(f->path), name,
                     what);
}

static enum error_code read_params(struct folder *f, struct params *p)
{
    enum error_code code = folder_count(f, "params.json", p->root, "dim", 0, &p->width);
    if (code == ERR_NONE)
        code = folder_count(f, "params.json", p->root, "n_layers", 0, &p->layers);
    if (code == ERR_NONE)
        code = folder_count(f, "params.json", p->root, "n_heads", 0, &p->heads);
    if (code == ERR_NONE)
        code = folder_count(f, "params.json", p->root, "n_kv_heads", p->heads, &p->kv_heads);
    if (code == ERR_NONE && json_object_get(p->root, "moe") != NULL)
        code = error_set(f->err, ERR_UNSUPPORTED, "%s: a mixture of experts is not supported", source_label(f->path));
    if (code == ERR_NONE && (p->width % p->heads != 0 || p->heads % p->kv_heads != 0))
        code = param_fault(f, "n_heads", "does not divide the width, or n_kv_heads not the heads");
    p->epsilon = folder_number(p->root, "norm_eps", 1e-5);
    p->rope_base = folder_number(p->root, "rope_theta", 10000);
    return code;
}

static bool is_scaled(const struct params *p)
{
    return json_is_true(json_object_get(p->root, "use_scaled_rope"));
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* How a matrix is divided among the files. */
enum division { DIVIDED_NOT, DIVIDED_BY_ROWS, DIVIDED_BY_COLUMNS };

static bool gguf_name(const char *name, char out[64], enum division *division)
{
    static const struct {
        const char *from, *to;
        enum division division;
    } layer[] = {
        {"attention_norm.weight", "attn_norm.weight", DIVIDED_NOT},
        {"ffn_norm.weight", "ffn_norm.weight", DIVIDED_NOT},
        {"attention.wq.weight", "attn_q.weight", DIVIDED_BY_ROWS},
        {"attention.wk.weight", "attn_k.weight", DIVIDED_BY_ROWS},
        {"attention.wv.weight", "attn_v.weight", DIVIDED_BY_ROWS},
        {"attention.wo.weight", "attn_output.weight", DIVIDED_BY_COLUMNS},
        {"feed_forward.w1.weight", "ffn_gate.weight", DIVIDED_BY_ROWS},
        {"feed_forward.w2.weight", "ffn_down.weight", DIVIDED_BY_COLUMNS},
        {"feed_forward.w3.weight", "ffn_up.weight", DIVIDED_BY_ROWS},
    };
    static const struct {
        const char *from, *to;
        enum division division;
    } whole[] = {
        {"tok_embeddings.weight", "token_embd.weight", DIVIDED_BY_COLUMNS},
        {"norm.weight", "output_norm.weight", DIVIDED_NOT},
        {"output.weight", "output.weight", DIVIDED_BY_ROWS},
    };
    unsigned number;
    int used = 0;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(name, whole[i].from) == 0) {
            *division = whole[i].division;
            return snprintf(out, 64, "%s", whole[i].to) > 0;
        }
    if (sscanf(name, "layers.%5u.%n", &number, &used) != 1 || used == 0)
        return false;
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++)
        if (strcmp(name + used, layer[i].from) == 0) {
            *division = layer[i].division;
            return snprintf(out, 64, "blk.%u.%s", number, layer[i].to) > 0;
        }
    return false;
}

/* Whether a model computes with a tensor of this name. */
static bool is_needed(const char *name)
{
    char own[64];
    enum division division;
    return gguf_name(name, own, &division);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static const struct weight *find_weight(const struct weights *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->at[i].name, name) == 0)
            return &all->at[i];
    return NULL;
}

static void name_file(const struct naming *naming, size_t i, char out[48])
{
    if (naming->counted)
        snprintf(out, 48, "consolidated-%05zu-of-%05zu.pth", i + naming->base, naming->n);
    else
        snprintf(out, 48, "consolidated.%02zu.pth", i);
}

static struct naming find_naming(const struct folder *f)
{
    struct naming naming = {.counted = true};
    char name[48];
    for (naming.n = 1; naming.n <= FILES_MOST; naming.n++)
        for (naming.base = 0; naming.base < 2; naming.base++) {
            name_file(&naming, 0, name);
            if (folder_has(f, name))
                return naming;
        }
    naming = (struct naming){.counted = false};
    while (naming.n < FILES_MOST && (name_file(&naming, naming.n, name), folder_has(f, name)))
        naming.n++;
    return naming;
}

static enum error_code read_file(struct folder *f, struct params *p)
{
    char name[48];
    name_file(&p->naming, p->n_files, name);
    if (!folder_has(f, name))
        return error_set(f->err, ERR_NOT_FOUND,
                         "%s/%s is missing, one of the %zu files of this model; fetch it into the "
                         "same folder",
                         source_label(f->path), name, p->naming.n);
    struct weights *file = &p->files[p->n_files++];
    file->needs = is_needed;
    const enum error_code code = folder_weights(f, name, file);
    if (code == ERR_NONE && file->n == 0)
        return error_set(f->err, ERR_FORMAT, "%s/%s: holds no tensors", source_label(f->path), name);
    return code;
}

/* In how many parts the first file is one, by the rows that it has of a query projection; as many as are there when it
 * does not tell. */
static size_t count_parts(const struct params *p, size_t there)
{
    const struct weight *wq = find_weight(&p->files[0], "layers.0.attention.wq.weight");
    if (wq == NULL || wq->n_dims != 2 || p->width % wq->dims[0] != 0 || p->width / wq->dims[0] > FILES_MOST)
        return there;
    return (size_t)(p->width / wq->dims[0]);
}

static enum error_code read_files(struct folder *f, struct params *p)
{
    p->naming = find_naming(f);
    if (p->naming.n == 0)
        return error_set(f->err, ERR_NOT_FOUND, "%s: the folder has no consolidated.00.pth; fetch the weights into it",
                         source_label(f->path));
    enum error_code code = read_file(f, p);
    if (code == ERR_NONE && !p->naming.counted)
        p->naming.n = count_parts(p, p->naming.n);
    while (code == ERR_NONE && p->n_files < p->naming.n)
        code = read_file(f, p);
    return code;
}

static enum error_code tensor_fault(const struct folder *f, const struct params *p, size_t file, const char *name,
                                    const char *what)
{
    char own[48];
    name_file(&p->naming, file, own);
    return error_set(f->err, ERR_FORMAT, "%s/%s: tensor %s %s; fetch the file again", source_label(f->path), own, name,
                     what);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* The parts of a matrix as pieces of one tensor. Llama 3 divides its embedding by rows: a part as wide as the model. */
static enum error_code join_parts(struct folder *f, const struct params *p, const struct weight *first,
                                  enum division division, struct tensor *out)
{
    struct tensor_piece *pieces = calloc(p->n_files, sizeof *pieces);
    if (pieces == NULL)
        return error_memory(f->err);
    if (strcmp(first->name, "tok_embeddings.weight") == 0 && first->dims[1] == p->width)
        division = DIVIDED_BY_ROWS;
    *out = (struct tensor){.type = first->type, .data = first->data, .pieces = pieces, .n_pieces = p->n_files};
    for (size_t i = 0; i < p->n_files; i++) {
        const struct weight *part = find_weight(&p->files[i], first->name);
        if (part == NULL || part->n_dims != 2 || part->type != first->type ||
            part->dims[division == DIVIDED_BY_ROWS ? 1 : 0] != first->dims[division == DIVIDED_BY_ROWS ? 1 : 0]) {
            free(pieces);
            return tensor_fault(f, p, i, first->name, part == NULL ? "is missing" : "does not fit the other files");
        }
        const bool rows = division == DIVIDED_BY_ROWS;
        pieces[i] =
            (struct tensor_piece){rows ? out->rows : 0, rows ? 0 : out->cols, part->dims[0], part->dims[1], part->data};
        out->rows = rows ? out->rows + part->dims[0] : part->dims[0];
        out->cols = rows ? part->dims[1] : out->cols + part->dims[1];
    }
    return ERR_NONE;
}

static enum error_code add_weight(struct folder *f, struct params *p, const struct weight *w)
{
    char name[64];
    enum division division;
    struct tensor t;
    if (!gguf_name(w->name, name, &division))
        return strcmp(w->name, "rope.freqs") == 0 || strstr(w->name, "inner_attention.rope.freqs") != NULL
                   ? ERR_NONE
                   : tensor_fault(f, p, 0, w->name, "is none of a Llama model");
    if (w->n_dims < 1 || w->n_dims > 2 || (division != DIVIDED_NOT && w->n_dims != 2))
        return tensor_fault(f, p, 0, w->name, "has neither one dimension nor two, or one where two are needed");
    if (division == DIVIDED_NOT || p->n_files == 1) {
        t = (struct tensor){.type = w->type,
                            .rows = w->n_dims == 2 ? w->dims[0] : 1,
                            .cols = w->dims[w->n_dims - 1],
                            .data = w->data};
    } else {
        const enum error_code code = join_parts(f, p, w, division, &t);
        if (code != ERR_NONE)
            return code;
    }
    if (!tensor_is_sound(&t)) {
        free((void *)(uintptr_t)t.pieces);
        return tensor_fault(f, p, 0, w->name, "makes no matrix with its parts in the other files");
    }
    return source_add_tensor(f->source, f->path, name, t, f->err);
}

/* Takes the copies that strided tensors needed over into the source. */
static enum error_code own_copies(struct folder *f, struct params *p)
{
    for (size_t i = 0; i < p->n_files; i++)
        for (size_t k = 0; k < p->files[i].n; k++) {
            struct weight *w = &p->files[i].at[k];
            unsigned char *copy = w->owned;
            w->owned = NULL;
            if (copy != NULL && !folder_own(f, copy))
                return error_memory(f->err);
        }
    return ERR_NONE;
}

static enum error_code add_weights(struct folder *f, struct params *p)
{
    enum error_code code = own_copies(f, p);
    for (size_t i = 0; code == ERR_NONE && i < p->files[0].n; i++)
        code = add_weight(f, p, &p->files[0].at[i]);
    return code;
}

/* ---- the description -------------------------------------------------------------------------------------------- */

/* Llama 1 was trained with 2048 positions and an epsilon of 1e-6, Llama 2 with 4096 and 1e-5, Llama 3 with 8192 and a
 * base of 500,000, Llama 3.1 and after with 131072. */
static uint64_t trained_context(const struct params *p)
{
    return is_scaled(p) ? 131072 : p->rope_base > 100000 ? 8192 : p->epsilon < 5e-6 ? 2048 : 4096;
}

/* Llama 3.2's small models are stretched by more than 3.1's, and their params do not say so. */
static enum error_code add_scaled_rope(struct folder *f, const struct params *p)
{
    return folder_llama3_rope(f, &(struct llama3_rope){
                                     .base = p->rope_base,
                                     .factor = folder_number(p->root, "rope_scaling_factor", p->width < 4096 ? 32 : 8),
                                     .low = 1,
                                     .high = folder_number(p->root, "rope_high_freq_factor", 4),
                                     .trained = 8192,
                                     .pairs = p->width / p->heads / 2,
                                 });
}

static enum error_code describe(struct folder *f, struct params *p, bool vocab_only)
{
    const struct weight *w1 = vocab_only ? NULL : find_weight(&p->files[0], "layers.0.feed_forward.w1.weight");
    if (!vocab_only && (w1 == NULL || w1->n_dims != 2))
        return tensor_fault(f, p, 0, "layers.0.feed_forward.w1.weight", "is missing");
    metadata_text(&f->metadata, "general.architecture", "llama", 5);
    folder_name(f);
    folder_uint(f, "block_count", p->layers);
    folder_uint(f, "context_length", trained_context(p));
    folder_uint(f, "embedding_length", p->width);
    if (w1 != NULL)
        folder_uint(f, "feed_forward_length", w1->dims[0] * p->n_files);
    folder_uint(f, "attention.head_count", p->heads);
    folder_uint(f, "attention.head_count_kv", p->kv_heads);
    folder_float(f, "attention.layer_norm_rms_epsilon", p->epsilon);
    folder_float(f, "rope.freq_base", p->rope_base);
    folder_uint(f, "rope.dimension_count", p->width / p->heads);
    return is_scaled(p) && !vocab_only ? add_scaled_rope(f, p) : ERR_NONE;
}

/* The rows that all files together have of the embedding; 0: unknown. */
static uint64_t count_tokens(const struct params *p)
{
    const struct weight *embedding = p->n_files > 0 ? find_weight(&p->files[0], "tok_embeddings.weight") : NULL;
    if (embedding == NULL || embedding->n_dims != 2)
        return 0;
    return embedding->dims[1] == p->width ? embedding->dims[0] * p->n_files : embedding->dims[0];
}

/* vocab_size is -1 in Llama 2's params; the embedding knows better. */
static enum error_code read_vocabulary(struct folder *f, const struct params *p)
{
    const uint64_t rows = count_tokens(p);
    const enum error_code code = folder_tokenizer_model(f, true, is_scaled(p));
    if (code == ERR_NOT_FOUND)
        return error_set(f->err, code, "%s: there is no tokenizer.model in the folder or the one above; fetch it",
                         source_label(f->path));
    if (code == ERR_NONE && rows > 0 && rows < VOCAB_MOST && !vocab_pad(&f->vocab, (size_t)rows))
        return error_memory(f->err);
    return code;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool meta_claims(const char *path, const unsigned char *head, size_t n)
{
    const char *slash = strrchr(path, '/');
    (void)head;
    if (n == 0)
        return folder_path_has(path, "params.json");
    return strncmp(slash != NULL ? slash + 1 : path, "consolidated", 12) == 0;
}

static enum error_code meta_read(struct source *s, const char *path, bool vocab_only, struct error *err)
{
    struct folder f;
    struct params *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_memory(err);
    enum error_code code = folder_begin(&f, s, path, err);
    if (code == ERR_NONE && (code = folder_json(&f, "params.json", &p->root)) == ERR_NOT_FOUND)
        error_set(err, code, "%s: there is no params.json in the folder; fetch it from where the model is",
                  source_label(path));
    if (code == ERR_NONE)
        code = read_params(&f, p);
    if (code == ERR_NONE && !vocab_only)
        code = read_files(&f, p);
    if (code == ERR_NONE)
        code = describe(&f, p, vocab_only);
    if (code == ERR_NONE)
        code = read_vocabulary(&f, p);
    if (code == ERR_NONE && !vocab_only)
        code = add_weights(&f, p);
    snprintf(s->format, sizeof s->format, "Meta");
    for (size_t i = 0; i < p->n_files; i++)
        weights_free(&p->files[i]);
    json_decref(p->root);
    free(p);
    return folder_end(&f, code);
}

const struct source_kind meta_kind = {.name = "Meta", .claims = meta_claims, .read = meta_read};
