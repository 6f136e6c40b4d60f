/* Hugging Face's folders of BERT: config.json with model_type "bert", the names of its tensors, WordPiece's files.
 *
 * Published are encoders alone (sentence-transformers, whose 1_Pooling/config.json says how a vector is made) and whole
 * training models, with "bert." before the encoder's names and heads beside it; old ones call LayerNorm's weight and
 * bias gamma and beta. */
#include "engine/file/folder-bert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GGUF's numbers of pooling types. */
enum { POOL_MEAN = 1, POOL_CLS = 2 };

bool bert_claims(const json_t *config)
{
    const char *type = json_string_value(json_object_get(config, "model_type"));
    return type != NULL && strcmp(type, "bert") == 0;
}

/* ---- the description -------------------------------------------------------------------------------------------- */

/* ERR_UNSUPPORTED unless the text under this name is the one that the encoder computes. */
static enum error_code check_text(const struct folder *f, const json_t *config, const char *name, const char *only)
{
    const char *value = json_string_value(json_object_get(config, name));
    if (value == NULL || strcmp(value, only) == 0)
        return ERR_NONE;
    return error_set(f->err, ERR_UNSUPPORTED, "%s/config.json: %s is %.60s, Palaver runs BERT models with %s only",
                     source_label(f->path), name, value, only);
}

static enum error_code check_variant(const struct folder *f, const json_t *config)
{
    enum error_code code = check_text(f, config, "hidden_act", "gelu");
    if (code == ERR_NONE)
        code = check_text(f, config, "position_embedding_type", "absolute");
    if (code == ERR_NONE && json_is_true(json_object_get(config, "is_decoder")))
        code = error_set(f->err, ERR_UNSUPPORTED, "%s/config.json: is_decoder is true; Palaver runs BERT as an encoder",
                         source_label(f->path));
    return code;
}

/* fallback where config.json says nothing; 0: it must. */
static enum error_code add_count(struct folder *f, const json_t *config, const char *name, const char *key,
                                 uint64_t fallback)
{
    uint64_t value;
    const enum error_code code = folder_count(f, "config.json", config, name, fallback, &value);
    if (code == ERR_NONE)
        metadata_uint(&f->metadata, key, (uint32_t)value);
    return code;
}

/* How sentence-transformers makes one vector of a text; nothing is said without its file. */
static enum error_code add_pooling(struct folder *f)
{
    json_t *pooling;
    const enum error_code code = folder_json(f, "1_Pooling/config.json", &pooling);
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? ERR_NONE : code;
    if (json_is_true(json_object_get(pooling, "pooling_mode_mean_tokens")))
        metadata_uint(&f->metadata, "bert.pooling_type", POOL_MEAN);
    else if (json_is_true(json_object_get(pooling, "pooling_mode_cls_token")))
        metadata_uint(&f->metadata, "bert.pooling_type", POOL_CLS);
    json_decref(pooling);
    return ERR_NONE;
}

enum error_code bert_describe(struct folder *f, const json_t *config)
{
    static const struct {
        const char *name, *key;
        uint64_t fallback;
    } counts[] = {
        {"num_hidden_layers", "bert.block_count", 0},
        {"max_position_embeddings", "bert.context_length", 0},
        {"hidden_size", "bert.embedding_length", 0},
        {"intermediate_size", "bert.feed_forward_length", 0},
        {"num_attention_heads", "bert.attention.head_count", 0},
        {"type_vocab_size", "tokenizer.ggml.token_type_count", 2}, /* llama.cpp opens no BERT without it */
    };
    enum error_code code = check_variant(f, config);
    metadata_text(&f->metadata, "general.architecture", "bert", 4);
    folder_name(f);
    for (size_t i = 0; code == ERR_NONE && i < sizeof counts / sizeof *counts; i++)
        code = add_count(f, config, counts[i].name, counts[i].key, counts[i].fallback);
    metadata_float(&f->metadata, "bert.attention.layer_norm_epsilon",
                   (float)folder_number(config, "layer_norm_eps", 1e-12));
    metadata_bool(&f->metadata, "bert.attention.causal", false);
    return code == ERR_NONE ? add_pooling(f) : code;
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

struct naming {
    const char *from, *to; /* without ".weight" and ".bias" */
};

static const struct naming whole[] = {
    {"embeddings.word_embeddings", "token_embd"},
    {"embeddings.position_embeddings", "position_embd"},
    {"embeddings.token_type_embeddings", "token_types"},
    {"embeddings.LayerNorm", "token_embd_norm"},
};

static const struct naming layer[] = {
    {"attention.self.query", "attn_q"},
    {"attention.self.key", "attn_k"},
    {"attention.self.value", "attn_v"},
    {"attention.output.dense", "attn_output"},
    {"attention.output.LayerNorm", "attn_output_norm"},
    {"intermediate.dense", "ffn_up"},
    {"output.dense", "ffn_down"},
    {"output.LayerNorm", "layer_output_norm"},
};

/* What follows the last dot of a name, as GGUF has it; NULL for anything but weights and biases. */
static const char *kind_of(const char *name, size_t *stem)
{
    const char *dot = strrchr(name, '.'), *kind = dot != NULL ? dot + 1 : "";
    *stem = dot != NULL ? (size_t)(dot - name) : 0;
    if (strcmp(kind, "weight") == 0 || strcmp(kind, "gamma") == 0)
        return "weight";
    return strcmp(kind, "bias") == 0 || strcmp(kind, "beta") == 0 ? "bias" : NULL;
}

static const char *find_naming(const struct naming *all, size_t n, const char *name, size_t stem)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(all[i].from) == stem && memcmp(all[i].from, name, stem) == 0)
            return all[i].to;
    return NULL;
}

bool bert_tensor_name(const char *name, char out[64], bool *known)
{
    unsigned number;
    int used = 0;
    size_t stem;
    name += strncmp(name, "bert.", 5) == 0 ? 5 : 0;
    const char *kind = kind_of(name, &stem), *to = NULL;
    *known = strncmp(name, "encoder.", 8) != 0 &&
             (strncmp(name, "embeddings.", 11) != 0 || strcmp(name, "embeddings.position_ids") == 0);
    if (kind == NULL)
        return false;
    if ((to = find_naming(whole, sizeof whole / sizeof *whole, name, stem)) != NULL)
        return snprintf(out, 64, "%s.%s", to, kind) > 0;
    if (sscanf(name, "encoder.layer.%5u.%n", &number, &used) != 1 || used == 0 || (size_t)used >= stem)
        return false;
    to = find_naming(layer, sizeof layer / sizeof *layer, name + used, stem - (size_t)used);
    return to != NULL && snprintf(out, 64, "blk.%u.%s.%s", number, to, kind) > 0;
}

/* ---- the vocabulary --------------------------------------------------------------------------------------------- */

static enum error_code read_words(struct folder *f)
{
    const bool json = folder_has(f, "tokenizer.json");
    const char *name = json ? "tokenizer.json" : "vocab.txt";
    size_t size;
    if (!json && !folder_has(f, name))
        return error_set(f->err, ERR_NOT_FOUND,
                         "%s: the folder has no tokenizer.json and no vocab.txt; fetch one into it",
                         source_label(f->path));
    char *text = folder_text(f, name, &size);
    if (text == NULL)
        return ERR_IO;
    const enum error_code code = json ? vocab_read_wordpiece(&f->vocab, name, text, size, f->err)
                                      : vocab_read_words(&f->vocab, name, text, size, f->err);
    free(text);
    return code;
}

/* What tokenizer_config.json says goes before tokenizer.json, as in transformers. Accents go with the case unless it says
 * otherwise. */
static void take_config(struct vocab *v, const json_t *config)
{
    const json_t *lower = json_object_get(config, "do_lower_case"), *accents = json_object_get(config, "strip_accents");
    const json_t *ideographs = json_object_get(config, "tokenize_chinese_chars");
    if (json_is_boolean(lower) && json_is_true(lower) != v->lower_case)
        v->lower_case = v->strip_accents = json_is_true(lower);
    if (json_is_boolean(accents))
        v->strip_accents = json_is_true(accents);
    if (json_is_boolean(ideographs))
        v->split_ideographs = json_is_true(ideographs);
}

enum error_code bert_vocabulary(struct folder *f, const json_t *config)
{
    json_t *own;
    uint64_t rows;
    enum error_code code = folder_count(f, "config.json", config, "vocab_size", 0, &rows);
    if (code == ERR_NONE)
        code = read_words(f);
    if (code != ERR_NONE)
        return code;
    code = folder_json(f, "tokenizer_config.json", &own);
    if (code != ERR_NONE && code != ERR_NOT_FOUND)
        return code;
    take_config(&f->vocab, own);
    json_decref(own);
    if (rows > VOCAB_MOST)
        return error_set(f->err, ERR_FORMAT, "%s/config.json: vocab_size is above 1048576; fetch the file again",
                         source_label(f->path));
    return vocab_pad(&f->vocab, (size_t)rows) ? ERR_NONE : error_memory(f->err);
}
