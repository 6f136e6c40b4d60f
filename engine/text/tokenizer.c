/* Tokenizers: opening one, and what engine.h promises of any of them. */
#include "config.h"

#include "engine/text/tokenizer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source.h"

static const struct tokenizer_kind *const kinds[] = {&spm_kind, &bpe_kind, &wordpiece_kind};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* An id from the metadata; absent or out of range: the fallback. */
static int32_t read_id(const struct tokenizer *t, const struct source *source, const char *key, int32_t fallback)
{
    uint64_t id;
    if (!source_uint(source, key, &id))
        return fallback;
    return id < (uint64_t)t->n ? (int32_t)id : fallback;
}

/* A control token by its spelling, -1. */
static int32_t control(const struct tokenizer *t, const char *spelling)
{
    int32_t id = tokenizer_find(t, spelling);
    return id >= 0 && t->types[id] == TOKEN_CONTROL ? id : -1;
}

static void read_special(struct tokenizer *t, const struct source *source)
{
    t->bos = read_id(t, source, "tokenizer.ggml.bos_token_id", t->bos);
    t->eos = read_id(t, source, "tokenizer.ggml.eos_token_id", t->eos);
    t->unknown = read_id(t, source, "tokenizer.ggml.unknown_token_id", t->unknown);
    t->eot = read_id(t, source, "tokenizer.ggml.eot_token_id", -1);
    t->eom = read_id(t, source, "tokenizer.ggml.eom_token_id", control(t, "<|eom_id|>"));
    if (t->eot < 0)
        t->eot = control(t, "<|eot_id|>") >= 0 ? control(t, "<|eot_id|>") : control(t, "<|im_end|>");
    source_bool(source, "tokenizer.ggml.add_bos_token", &t->adds_bos);
    if (t->space_prefix)
        source_bool(source, "tokenizer.ggml.add_space_prefix", &t->space_prefix);
    t->adds_bos = t->adds_bos && t->bos >= 0;
    special_open(t);
}

static const struct tokenizer_kind *find_kind(const struct source *source, struct error *err)
{
    const char *name;
    uint64_t size;
    if (!source_string(source, "tokenizer.ggml.model", &name, &size)) {
        error_set(err, ERR_FORMAT, "the model has no tokenizer (tokenizer.ggml.model): use a file that carries one");
        return NULL;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size == strlen(kinds[i]->name) && memcmp(name, kinds[i]->name, size) == 0)
            return kinds[i];
    error_set(err, ERR_UNSUPPORTED, "tokenizer '%.*s' is not supported; Palaver knows 'llama', 'gpt2' and 'bert'",
              (int)(size < 40 ? size : 40), name);
    return NULL;
}

struct tokenizer *tokenizer_open(const struct source *source, struct error *err)
{
    const struct tokenizer_kind *kind = find_kind(source, err);
    if (kind == NULL)
        return NULL;
    struct tokenizer *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_memory(err);
        return NULL;
    }
    t->kind = kind;
    t->bos = kind->bos;
    t->eos = kind->eos;
    t->unknown = kind->unknown;
    if (!vocabulary_read(t, source, err) || !kind->open(t, source, err)) {
        tokenizer_free(t);
        return NULL;
    }
    read_special(t, source);
    return t;
}

void tokenizer_free(struct tokenizer *t)
{
    if (t == NULL)
        return;
    free(t->arena);
    free(t->starts);
    free(t->scores);
    free(t->types);
    free(t->slots);
    free(t->merges);
    free(t->merge_slots);
    joints_close(&t->joints);
    cutter_close(&t->cutter);
    free(t);
}

/* ---- what the engine's face promises ---------------------------------------------------------------------------- */

enum error_code tokenizer_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out,
                                 struct error *err)
{
    return token_encode_stretch(t, text, size, t->space_prefix, out, err);
}

enum error_code token_encode_stretch(const struct tokenizer *t, const char *text, size_t size, bool prefix,
                                     struct ids *out, struct error *err)
{
    if (size > INT32_MAX / 4)
        return error_set(err, ERR_ARGUMENT, "a text of %zu bytes is too long to be split into tokens", size);
    return t->kind->encode(t, text, size, prefix, out, err);
}

bool tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    return t->kind->decode(t, ids, n, out);
}

bool tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    if (id < 0 || id >= t->n || t->types[id] == TOKEN_CONTROL)
        return !buf_failed(out);
    return t->kind->piece(t, id, out);
}

const char *tokenizer_spelling(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->n ? token_text(t, id) : NULL;
}

int32_t tokenizer_find(const struct tokenizer *t, const char *spelling)
{
    return token_lookup(t, spelling, strlen(spelling));
}

int32_t tokenizer_size(const struct tokenizer *t)
{
    return t->n;
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->adds_bos;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id)
            return id >= 0;
    return false;
}

const int32_t *tokenizer_ends(const struct tokenizer *t, size_t *n)
{
    *n = t->n_ends;
    return t->ends;
}

bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->n && t->types[id] == TOKEN_CONTROL;
}
