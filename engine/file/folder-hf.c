/* Hugging Face's folders: config.json; model.safetensors or pytorch_model.bin, alone or in shards with their index;
 * tokenizer.model or tokenizer.json, tokenizer_config.json, chat_template.jinja, generation_config.json.
 *
 * The rows of query and key projections stand in halves there (enum row_order). A cache folder (models--ORG--NAME) is
 * entered by its main snapshot. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/file/folder-bert.h"
#include "engine/file/folder.h"

enum { SNAPSHOT_NAME = 100 };

/* What a folder has otherwise from one family of models to the next. */
struct family {
    const char *title; /* for messages */
    bool (*needs)(const char *tensor);
    /* GGUF's name of a tensor; false for one that no model computes with, and *known tells whether that is expected. */
    bool (*name)(const char *tensor, char out[64], bool *rotary, bool *known);
};

struct config {
    json_t *root;
    const struct family *family;
    const json_t *rope; /* rope_parameters or rope_scaling; NULL: none */
    uint64_t layers, heads, head_width, vocabulary, width;
    double rope_base;
};

static enum error_code config_unsupported(const struct folder *f, const char *name, const char *value)
{
    return error_set(f->err, ERR_UNSUPPORTED, "%s/config.json: %s is %.60s, which Palaver does not support",
                     source_label(f->path), name, value);
}

static enum error_code check_family(const struct folder *f, const struct config *c)
{
    const char *type = json_string_value(json_object_get(c->root, "model_type"));
    const char *activation = json_string_value(json_object_get(c->root, "hidden_act"));
    if (type == NULL || (strcmp(type, "llama") != 0 && strcmp(type, "mistral") != 0))
        return config_unsupported(f, "model_type", type != NULL ? type : "missing");
    if (activation != NULL && strcmp(activation, "silu") != 0)
        return config_unsupported(f, "hidden_act", activation);
    if (json_object_get(c->root, "quantization_config") != NULL)
        return config_unsupported(f, "quantization_config", "there");
    return ERR_NONE;
}

/* ---- rotary positions ------------------------------------------------------------------------------------------- */

static enum error_code add_llama3_factors(struct folder *f, const struct config *c)
{
    return folder_llama3_rope(f, &(struct llama3_rope){
                                     .base = c->rope_base,
                                     .factor = folder_number(c->rope, "factor", 8),
                                     .low = folder_number(c->rope, "low_freq_factor", 1),
                                     .high = folder_number(c->rope, "high_freq_factor", 4),
                                     .trained = folder_number(c->rope, "original_max_position_embeddings", 8192),
                                     .pairs = c->head_width / 2,
                                 });
}

static enum error_code describe_rope(struct folder *f, struct config *c, bool vocab_only)
{
    const char *type = json_string_value(json_object_get(c->rope, "rope_type"));
    type = type != NULL ? type : json_string_value(json_object_get(c->rope, "type"));
    c->rope_base = folder_number(c->rope, "rope_theta", folder_number(c->root, "rope_theta", 10000));
    folder_float(f, "rope.freq_base", c->rope_base);
    folder_uint(f, "rope.dimension_count", c->head_width);
    if (type == NULL || strcmp(type, "default") == 0)
        return ERR_NONE;
    if (strcmp(type, "llama3") == 0)
        return vocab_only ? ERR_NONE : add_llama3_factors(f, c);
    if (strcmp(type, "linear") != 0 && strcmp(type, "yarn") != 0 && strcmp(type, "dynamic") != 0)
        return config_unsupported(f, "rope_scaling", type);
    const double factor = folder_number(c->rope, "factor", 1),
                 trained = folder_number(c->rope, "original_max_position_embeddings", 0);
    const double attention = folder_number(c->rope, "attention_factor", 0);
    metadata_text(&f->metadata, "llama.rope.scaling.type", type, strlen(type));
    folder_float(f, "rope.scaling.factor", factor);
    if (trained >= 1)
        folder_uint(f, "rope.scaling.original_context_length", (uint64_t)trained);
    if (attention > 0 && strcmp(type, "yarn") == 0)
        folder_float(f, "rope.scaling.attn_factor", attention / (factor > 1 ? 0.1 * log(factor) + 1 : 1));
    if (folder_number(c->rope, "beta_fast", 0) > 0)
        folder_float(f, "rope.scaling.yarn_beta_fast", folder_number(c->rope, "beta_fast", 0));
    if (folder_number(c->rope, "beta_slow", 0) > 0)
        folder_float(f, "rope.scaling.yarn_beta_slow", folder_number(c->rope, "beta_slow", 0));
    return ERR_NONE;
}

/* ---- the description -------------------------------------------------------------------------------------------- */

static enum error_code describe(struct folder *f, struct config *c, bool vocab_only)
{
    uint64_t ff_width, context, kv_heads;
    enum error_code code = check_family(f, c);
    if (code == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "num_hidden_layers", 0, &c->layers)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "hidden_size", 0, &c->width)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "intermediate_size", 0, &ff_width)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "num_attention_heads", 0, &c->heads)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "num_key_value_heads", c->heads, &kv_heads)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "max_position_embeddings", 2048, &context)) == ERR_NONE &&
        (code = folder_count(f, "config.json", c->root, "vocab_size", 0, &c->vocabulary)) == ERR_NONE)
        code = folder_count(f, "config.json", c->root, "head_dim", c->width / c->heads > 0 ? c->width / c->heads : 1,
                            &c->head_width);
    if (code != ERR_NONE)
        return code;
    metadata_text(&f->metadata, "general.architecture", "llama", 5);
    folder_name(f);
    folder_uint(f, "block_count", c->layers);
    folder_uint(f, "context_length", context);
    folder_uint(f, "embedding_length", c->width);
    folder_uint(f, "feed_forward_length", ff_width);
    folder_uint(f, "attention.head_count", c->heads);
    folder_uint(f, "attention.head_count_kv", kv_heads);
    folder_uint(f, "attention.key_length", c->head_width);
    folder_uint(f, "attention.value_length", c->head_width);
    folder_float(f, "attention.layer_norm_rms_epsilon", folder_number(c->root, "rms_norm_eps", 1e-6));
    return describe_rope(f, c, vocab_only);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

static bool llama_name(const char *name, char out[64], bool *rotary, bool *known)
{
    static const struct {
        const char *from, *to;
        bool rotary;
    } layer[] = {
        {"input_layernorm.", "attn_norm.", false}, {"post_attention_layernorm.", "ffn_norm.", false},
        {"self_attn.q_proj.", "attn_q.", true},    {"self_attn.k_proj.", "attn_k.", true},
        {"self_attn.v_proj.", "attn_v.", false},   {"self_attn.o_proj.", "attn_output.", false},
        {"mlp.gate_proj.", "ffn_gate.", false},    {"mlp.up_proj.", "ffn_up.", false},
        {"mlp.down_proj.", "ffn_down.", false},
    };
    static const struct {
        const char *from, *to;
    } whole[] = {
        {"model.embed_tokens.weight", "token_embd.weight"},
        {"model.norm.weight", "output_norm.weight"},
        {"lm_head.weight", "output.weight"},
    };
    unsigned number;
    int used = 0;
    *rotary = false;
    *known = strstr(name, "rotary_emb.inv_freq") != NULL;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(name, whole[i].from) == 0)
            return snprintf(out, 64, "%s", whole[i].to) > 0;
    if (sscanf(name, "model.layers.%5u.%n", &number, &used) != 1 || used == 0)
        return false;
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++) {
        const size_t size = strlen(layer[i].from);
        const char *rest = name + used;
        if (strncmp(rest, layer[i].from, size) != 0)
            continue;
        *rotary = layer[i].rotary;
        return strcmp(rest + size, "weight") == 0 || strcmp(rest + size, "bias") == 0
                   ? snprintf(out, 64, "blk.%u.%s%s", number, layer[i].to, rest + size) > 0
                   : false;
    }
    return false;
}

/* Whether a model computes with a tensor of this name. */
static bool llama_needs(const char *name)
{
    char own[64];
    bool rotary, known;
    return llama_name(name, own, &rotary, &known);
}

static bool bert_name(const char *name, char out[64], bool *rotary, bool *known)
{
    *rotary = false;
    return bert_tensor_name(name, out, known);
}

static bool bert_needs(const char *name)
{
    char own[64];
    bool known;
    return bert_tensor_name(name, own, &known);
}

static const struct family family_llama = {"Llama", llama_needs, llama_name};
static const struct family family_bert = {"BERT", bert_needs, bert_name};

static enum error_code weight_fault(const struct folder *f, const char *file, const struct weight *w, const char *what)
{
    return error_set(f->err, ERR_FORMAT, "%s/%s: tensor %s %s; the file is damaged, fetch it again",
                     source_label(f->path), file, w->name, what);
}

static enum error_code add_weight(struct folder *f, const struct family *family, const char *file,
                                  const struct weight *w, bool tied)
{
    char name[64];
    bool rotary, known;
    struct tensor t;
    if (!family->name(w->name, name, &rotary, &known))
        return known ? ERR_NONE
                     : error_set(f->err, ERR_UNSUPPORTED, "%s/%s: tensor %s is none of a %s model",
                                 source_label(f->path), file, w->name, family->title);
    if (tied && strcmp(name, "output.weight") == 0)
        return ERR_NONE;
    if (w->n_dims < 1 || w->n_dims > 2)
        return weight_fault(f, file, w, "has neither one dimension nor two");
    if (source_tensor(f->source, name, &t))
        return weight_fault(f, file, w, "is there twice");
    t = (struct tensor){
        .type = w->type,
        .rows = w->n_dims == 2 ? w->dims[0] : 1,
        .cols = w->dims[w->n_dims - 1],
        .data = w->data,
        .order = rotary ? ROWS_HALVES : ROWS_PAIRED,
    };
    return source_add_tensor(f->source, f->path, name, t, f->err);
}

/* Gives the source the tensors of a file, and what of them is no part of it. */
static enum error_code add_file(struct folder *f, const struct family *family, const char *file, bool tied)
{
    struct weights all = {.needs = family->needs};
    enum error_code code = folder_weights(f, file, &all);
    for (size_t i = 0; i < all.n && code == ERR_NONE; i++) {
        code = add_weight(f, family, file, &all.at[i], tied);
        if (code == ERR_NONE && all.at[i].owned != NULL && !folder_own(f, all.at[i].owned))
            code = ERR_MEMORY;
        if (code == ERR_NONE)
            all.at[i].owned = NULL;
    }
    weights_free(&all);
    return code;
}

/* Reads a file that an index names, unless it was; it lies in the folder itself. */
static enum error_code add_part(struct folder *f, const struct family *family, const char *index, const char *tensor,
                                const char *part, json_t *seen, bool tied)
{
    if (part != NULL && json_object_get(seen, part) != NULL)
        return ERR_NONE;
    if (part == NULL || strchr(part, '/') != NULL || part[0] == '.')
        return error_set(f->err, ERR_FORMAT,
                         "%s/%s: tensor %.80s lies in a file outside of the folder; the index is not to "
                         "be trusted, fetch it again",
                         source_label(f->path), index, tensor);
    if (!folder_has(f, part))
        return error_set(f->err, ERR_NOT_FOUND, "%s/%s is missing; fetch it into the same folder",
                         source_label(f->path), part);
    if (json_object_set_new(seen, part, json_true()) != 0)
        return error_memory(f->err);
    return add_file(f, family, part, tied);
}

/* Whether the files hold what the index says they do. */
static enum error_code check_index(const struct folder *f, const struct family *family, const json_t *map, bool tied)
{
    const char *tensor;
    json_t *part;
    json_object_foreach((json_t *)map, tensor, part) {
        char name[64];
        bool rotary, known;
        struct tensor t;
        if (!family->name(tensor, name, &rotary, &known) || source_tensor(f->source, name, &t) ||
            (tied && strcmp(name, "output.weight") == 0))
            continue;
        return error_set(f->err, ERR_FORMAT,
                         "%s/%s: tensor %.80s should lie in this file and does not; fetch the file and the index again",
                         source_label(f->path), json_string_value(part), tensor);
    }
    return ERR_NONE;
}

static enum error_code add_indexed(struct folder *f, const struct family *family, const char *name, bool tied)
{
    json_t *root, *part;
    const char *tensor;
    enum error_code code = folder_json(f, name, &root);
    json_t *seen = json_object();
    const json_t *map = json_object_get(root, "weight_map");
    if (code == ERR_NONE && seen == NULL)
        code = error_memory(f->err);
    if (code == ERR_NONE && !json_is_object(map))
        code = error_set(f->err, ERR_FORMAT, "%s/%s: names no files (weight_map); fetch it again",
                         source_label(f->path), name);
    json_object_foreach((json_t *)map, tensor, part)
        if (code == ERR_NONE)
            code = add_part(f, family, name, tensor, json_string_value(part), seen, tied);
    if (code == ERR_NONE)
        code = check_index(f, family, map, tied);
    json_decref(seen);
    json_decref(root);
    return code;
}

static enum error_code read_weights(struct folder *f, const struct config *c)
{
    static const struct {
        const char *name;
        bool index;
    } forms[] = {
        {"model.safetensors", false},
        {"model.safetensors.index.json", true},
        {"pytorch_model.bin", false},
        {"pytorch_model.bin.index.json", true},
    };
    const bool tied = json_is_true(json_object_get(c->root, "tie_word_embeddings"));
    size_t i = 0;
    while (i < sizeof forms / sizeof *forms && !folder_has(f, forms[i].name))
        i++;
    if (i == sizeof forms / sizeof *forms)
        return error_set(f->err, ERR_NOT_FOUND,
                         "%s: the folder has no model.safetensors, no pytorch_model.bin and no index of "
                         "either; fetch the weights into it",
                         source_label(f->path));
    return forms[i].index ? add_indexed(f, c->family, forms[i].name, tied)
                          : add_file(f, c->family, forms[i].name, tied);
}

/* ---- the vocabulary --------------------------------------------------------------------------------------------- */

/* A token's text: itself, or its "content". */
static const char *content_of(const json_t *token)
{
    return json_is_object(token) ? json_string_value(json_object_get(token, "content")) : json_string_value(token);
}

static void set_special(const struct folder *f, const json_t *config, const char *name, int32_t *id)
{
    const char *text = content_of(json_object_get(config, name));
    const int32_t found = text != NULL ? vocab_find(&f->vocab, text, strlen(text)) : -1;
    *id = found >= 0 ? found : *id;
}

static enum error_code add_token(struct folder *f, const char *file, const char *text, json_int_t id, bool special)
{
    if (text == NULL || *text == '\0' || id < 0 || id >= VOCAB_MOST)
        return error_set(f->err, ERR_FORMAT, "%s/%s: an added token is damaged; fetch the file again",
                         source_label(f->path), file);
    if ((size_t)id < f->vocab.n && f->vocab.at[id].size > 0 && f->vocab.at[id].type != VOCAB_NORMAL)
        return ERR_NONE; /* as the vocabulary has it */
    if (!vocab_set(&f->vocab, (uint64_t)id, text, strlen(text), 0, special ? VOCAB_CONTROL : VOCAB_USER_DEFINED))
        return error_memory(f->err);
    return ERR_NONE;
}

/* added_tokens_decoder of tokenizer_config.json: {"32000": {"content": ..., "special": ...}}. */
static enum error_code add_tokens(struct folder *f, const json_t *config)
{
    const char *key;
    json_t *token;
    json_object_foreach(json_object_get(config, "added_tokens_decoder"), key, token) {
        char *end;
        const long id = strtol(key, &end, 10);
        const enum error_code code = add_token(f, "tokenizer_config.json", content_of(token), *end == '\0' ? id : -1,
                                               json_is_true(json_object_get(token, "special")));
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

/* added_tokens.json, where fine-tunes of before 2023's end have them: {"[PAD]": 32000}. */
static enum error_code add_older_tokens(struct folder *f)
{
    json_t *tokens, *id;
    const char *text;
    enum error_code code = folder_json(f, "added_tokens.json", &tokens);
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    json_object_foreach(tokens, text, id)
        if (code == ERR_NONE)
            code = add_token(f, "added_tokens.json", text, json_is_integer(id) ? json_integer_value(id) : -1, false);
    json_decref(tokens);
    return code;
}

/* The template of tokenizer_config.json: one text, or a list of named ones; chat_template.jinja goes before it. */
static enum error_code add_template(struct folder *f, const json_t *config)
{
    const json_t *template = json_object_get(config, "chat_template");
    char key[128] = "tokenizer.chat_template";
    if (folder_has(f, "chat_template.jinja")) {
        size_t size;
        char *text = folder_text(f, "chat_template.jinja", &size);
        if (text == NULL)
            return ERR_IO;
        metadata_text(&f->metadata, key, text, size);
        free(text);
        return ERR_NONE;
    }
    if (json_is_string(template))
        metadata_text(&f->metadata, key, json_string_value(template), json_string_length(template));
    for (size_t i = 0; i < json_array_size(template) && i < 16; i++) {
        const json_t *text = json_object_get(json_array_get(template, i), "template");
        const char *name = json_string_value(json_object_get(json_array_get(template, i), "name"));
        if (name == NULL || !json_is_string(text) || strlen(name) > 60)
            continue;
        snprintf(key, sizeof key, "tokenizer.chat_template%s%s", strcmp(name, "default") == 0 ? "" : ".",
                 strcmp(name, "default") == 0 ? "" : name);
        metadata_text(&f->metadata, key, json_string_value(text), json_string_length(text));
    }
    return ERR_NONE;
}

static enum error_code read_json_vocabulary(struct folder *f)
{
    size_t size;
    char *text = folder_text(f, "tokenizer.json", &size);
    if (text == NULL)
        return ERR_IO;
    const enum error_code code = vocab_read_json(&f->vocab, "tokenizer.json", text, size, f->err);
    free(text);
    return code;
}

/* A token that ends an answer beside EOS takes the place of one of two that have a name. */
static void add_end(struct folder *f, const json_t *id)
{
    static const char *const keys[] = {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
    const json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
    bool known = value < 0 || (size_t)value >= f->vocab.n || value == f->vocab.eos;
    for (size_t i = 0; i < f->n_ends; i++)
        known = known || value == f->ends[i];
    if (known || f->n_ends == FOLDER_ENDS)
        return;
    metadata_uint(&f->metadata, keys[f->n_ends], (uint32_t)value);
    f->ends[f->n_ends++] = (int32_t)value;
}

/* Names of the end of a turn are in generation_config.json too: eos_token_id, a number or a list. */
static void take_ends(struct folder *f, const json_t *config)
{
    const json_t *eos = json_object_get(config, "eos_token_id");
    const json_t *first = json_is_array(eos) ? json_array_get(eos, 0) : eos;
    if (f->vocab.eos < 0 && json_is_integer(first) && json_integer_value(first) >= 0 &&
        (size_t)json_integer_value(first) < f->vocab.n)
        f->vocab.eos = (int32_t)json_integer_value(first);
    if (!json_is_array(eos))
        add_end(f, eos);
    for (size_t i = 0; i < json_array_size(eos); i++)
        add_end(f, json_array_get(eos, i));
}

static enum error_code read_vocabulary(struct folder *f, const struct config *c)
{
    json_t *config = NULL;
    enum error_code code = folder_tokenizer_model(f, false, true);
    if (code == ERR_NOT_FOUND)
        code = folder_has(f, "tokenizer.json")
                   ? read_json_vocabulary(f)
                   : error_set(f->err, ERR_NOT_FOUND,
                               "%s: the folder has no tokenizer.model and no tokenizer.json; fetch one "
                               "into it",
                               source_label(f->path));
    if (code != ERR_NONE)
        return code;
    code = folder_json(f, "tokenizer_config.json", &config);
    if (code != ERR_NONE && code != ERR_NOT_FOUND)
        return code;
    code = add_tokens(f, config);
    if (code == ERR_NONE)
        code = add_older_tokens(f);
    set_special(f, config, "bos_token", &f->vocab.bos);
    set_special(f, config, "eos_token", &f->vocab.eos);
    set_special(f, config, "unk_token", &f->vocab.unknown);
    if (json_is_boolean(json_object_get(config, "add_bos_token")))
        f->vocab.adds_bos = json_is_true(json_object_get(config, "add_bos_token"));
    take_ends(f, c->root);
    if (code == ERR_NONE)
        code = add_template(f, config);
    if (code == ERR_NONE && !vocab_pad(&f->vocab, (size_t)c->vocabulary))
        code = error_memory(f->err);
    json_decref(config);
    return code;
}

static void take_whole(struct folder *f, const json_t *config, const char *from, const char *to)
{
    const json_t *value = json_object_get(config, from);
    if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= INT32_MAX)
        metadata_uint(&f->metadata, to, (uint32_t)json_integer_value(value));
}

/* Sampling that the model's makers recommend, under the keys that converters give it (max_new_tokens has none of
 * theirs). Without do_sample the likeliest token is taken, whatever the temperature. */
static enum error_code read_recommended(struct folder *f)
{
    static const struct {
        const char *from, *to;
    } names[] = {
        {"temperature", "general.sampling.temp"},
        {"top_p", "general.sampling.top_p"},
        {"min_p", "general.sampling.min_p"},
        {"repetition_penalty", "general.sampling.penalty_repeat"},
    };
    json_t *config;
    const enum error_code code = folder_json(f, "generation_config.json", &config);
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? ERR_NONE : code;
    const bool greedy = json_is_false(json_object_get(config, "do_sample"));
    if (greedy)
        metadata_float(&f->metadata, names[0].to, 0);
    for (size_t i = greedy; i < sizeof names / sizeof *names; i++)
        if (json_is_number(json_object_get(config, names[i].from)))
            metadata_float(&f->metadata, names[i].to, (float)folder_number(config, names[i].from, 0));
    take_whole(f, config, "top_k", "general.sampling.top_k");
    take_whole(f, config, "max_new_tokens", "general.sampling.max_new_tokens");
    take_ends(f, config);
    json_decref(config);
    return ERR_NONE;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* The name of the snapshot that refs/main names; "" when it names none. */
static enum error_code read_main(const struct folder *f, char name[SNAPSHOT_NAME])
{
    size_t size;
    char *hash = folder_text(f, "refs/main", &size);
    *name = '\0';
    if (hash == NULL)
        return ERR_IO;
    hash[strcspn(hash, "\r\n")] = '\0';
    if (strchr(hash, '/') == NULL && hash[0] != '.' && strlen(hash) < SNAPSHOT_NAME)
        strcpy(name, hash);
    free(hash);
    return ERR_NONE;
}

/* The only snapshot, where none is the main one: it was fetched by its own name. "" for none or several. */
static void find_only(const struct folder *f, char name[SNAPSHOT_NAME])
{
    char *path = folder_file(f, "snapshots");
    DIR *dir = path != NULL ? opendir(path) : NULL;
    int n = 0;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.') {
            snprintf(name, SNAPSHOT_NAME, "%.*s", SNAPSHOT_NAME - 1, entry->d_name);
            n++;
        }
    if (n != 1)
        *name = '\0';
    if (dir != NULL)
        closedir(dir);
    free(path);
}

/* Enters a snapshot of a cache folder (refs/main, snapshots/HASH). */
static enum error_code enter_snapshot(struct folder *f)
{
    char hash[SNAPSHOT_NAME] = "", name[SNAPSHOT_NAME + 16];
    if (folder_has(f, "config.json"))
        return ERR_NONE;
    const bool main = folder_has(f, "refs/main");
    if (main && read_main(f, hash) != ERR_NONE)
        return ERR_IO;
    if (!main)
        find_only(f, hash);
    if (*hash == '\0')
        return error_set(f->err, ERR_FORMAT,
                         main ? "%s/refs/main: names no snapshot; fetch the model again"
                              : "%s/snapshots: none or several, and no refs/main; give the folder of one of them",
                         source_label(f->path));
    snprintf(name, sizeof name, "snapshots/%s", hash);
    char *inside = folder_file(f, name);
    if (inside == NULL)
        return error_memory(f->err);
    free(f->path);
    f->path = inside;
    return ERR_NONE;
}

/* Whether a folder is a model's in a cache. */
static bool is_cached(const char *path)
{
    struct stat st;
    char inside[4096];
    return snprintf(inside, sizeof inside, "%s/snapshots", path) < (int)sizeof inside && stat(inside, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), size = strlen(end);
    return n > size && strcmp(text + n - size, end) == 0;
}

static bool hf_claims(const char *path, const unsigned char *head, size_t n)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    (void)head;
    if (n == 0)
        return folder_path_has(path, "config.json") || is_cached(path);
    return ends_with(name, ".safetensors") || (strncmp(name, "pytorch_model", 13) == 0 && ends_with(name, ".bin"));
}

/* All but the weights. */
static enum error_code read_llama(struct folder *f, struct config *c, bool vocab_only)
{
    c->rope = json_object_get(c->root, "rope_parameters");
    c->rope = json_is_object(c->rope) ? c->rope : json_object_get(c->root, "rope_scaling");
    enum error_code code = describe(f, c, vocab_only);
    if (code == ERR_NONE)
        code = read_vocabulary(f, c);
    return code == ERR_NONE ? read_recommended(f) : code;
}

static enum error_code read_bert(struct folder *f, struct config *c)
{
    c->family = &family_bert;
    const enum error_code code = bert_describe(f, c->root);
    return code == ERR_NONE ? bert_vocabulary(f, c->root) : code;
}

static enum error_code hf_read(struct source *s, const char *path, bool vocab_only, struct error *err)
{
    struct folder f;
    struct config c = {.family = &family_llama};
    enum error_code code = folder_begin(&f, s, path, err);
    if (code == ERR_NONE && is_cached(f.path))
        code = enter_snapshot(&f);
    if (code == ERR_NONE && (code = folder_json(&f, "config.json", &c.root)) == ERR_NOT_FOUND)
        error_set(err, code, "%s: there is no config.json in the folder; fetch it from where the model is",
                  source_label(path));
    if (code == ERR_NONE)
        code = bert_claims(c.root) ? read_bert(&f, &c) : read_llama(&f, &c, vocab_only);
    if (code == ERR_NONE && !vocab_only)
        code = read_weights(&f, &c);
    snprintf(s->format, sizeof s->format, "Hugging Face");
    json_decref(c.root);
    return folder_end(&f, code);
}

const struct source_kind hf_kind = {.name = "Hugging Face", .claims = hf_claims, .read = hf_read};
