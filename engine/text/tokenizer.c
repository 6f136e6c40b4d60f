/* Tokenizers: reading the vocabulary, and what both kinds have in common.
 *
 * Vocabularies have 300 to 256,000 tokens and up to 500,000 merges; opening one takes some milliseconds, because
 * spellings go to one block of memory and are found by one open-addressing table. */
#include "config.h"

#include "engine/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "engine/model/model.h"

enum { MAX_VOCAB = 1 << 24, MAX_ARENA = 1 << 30 };

/* ---- the index -------------------------------------------------------------------------------------------------- */

static uint32_t hash_text(const char *text, size_t size)
{
    uint64_t hash = 0x9e3779b97f4a7c15 ^ size;
    for (; size >= 8; size -= 8, text += 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccd;
        hash ^= hash >> 32;
    }
    uint64_t word = 0;
    memcpy(&word, text, size);
    hash = (hash ^ word) * 0xc4ceb9fe1a85ec53;
    return (uint32_t)(hash >> 32);
}

int32_t token_lookup(const struct tokenizer *t, const char *text, size_t size)
{
    for (uint32_t at = hash_text(text, size);; at++) {
        int32_t id = t->slots[at & (t->n_slots - 1)] - 1;
        if (id < 0 || (token_size(t, id) == size && memcmp(token_text(t, id), text, size) == 0))
            return id;
    }
}

static bool build_index(struct tokenizer *t)
{
    t->n_slots = 16;
    while (t->n_slots < (uint32_t)t->n * 2)
        t->n_slots *= 2;
    t->slots = calloc(t->n_slots, sizeof *t->slots);
    if (t->slots == NULL)
        return false;
    for (int32_t id = 0; id < t->n; id++) {
        if (token_lookup(t, token_text(t, id), token_size(t, id)) >= 0)
            continue; /* the first of two tokens spelled alike is found */
        uint32_t at = hash_text(token_text(t, id), token_size(t, id));
        while (t->slots[at & (t->n_slots - 1)] != 0)
            at++;
        t->slots[at & (t->n_slots - 1)] = id + 1;
    }
    return true;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool read_spellings(struct tokenizer *t, const struct source *source, struct error *err)
{
    const char *key = "tokenizer.ggml.tokens", *bytes;
    uint64_t n, size, total = 0;
    if (!source_array(source, key, &n) || n == 0 || n > MAX_VOCAB) {
        error_set(err, ERR_FORMAT, "the model has no vocabulary (tokenizer.ggml.tokens): use a file that carries its tokenizer");
        return false;
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!source_array_string(source, key, i, &bytes, &size) || size > MAX_ARENA || (total += size + 1) > MAX_ARENA) {
            error_set(err, ERR_FORMAT, "the vocabulary's token %llu is no text of sensible length", (unsigned long long)i);
            return false;
        }
    }
    t->n = (int32_t)n;
    t->arena = malloc(total);
    t->starts = malloc((n + 1) * sizeof *t->starts);
    if (t->arena == NULL || t->starts == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a vocabulary of %llu tokens", (unsigned long long)n);
        return false;
    }
    uint32_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        source_array_string(source, key, i, &bytes, &size);
        memcpy(t->arena + at, bytes, size);
        t->arena[at + size] = '\0';
        t->starts[i] = at;
        at += (uint32_t)size + 1;
    }
    t->starts[n] = at;
    return true;
}

/* Scores and types, where the file has them; both must be as many as there are tokens. */
static bool read_attributes(struct tokenizer *t, const struct source *source, struct error *err)
{
    uint64_t n = (uint64_t)t->n, n_scores = n, n_types = n;
    float *scores = source_array_floats(source, "tokenizer.ggml.scores", &n_scores, err);
    int32_t *types = source_array_ints(source, "tokenizer.ggml.token_type", &n_types, err);
    t->scores = scores != NULL ? scores : calloc((size_t)t->n, sizeof *scores);
    t->types = malloc((size_t)t->n);
    bool ok = t->scores != NULL && t->types != NULL;
    if (!ok)
        error_set(err, ERR_MEMORY, "no memory for a vocabulary of %d tokens", (int)t->n);
    else if ((scores != NULL && n_scores != n) || (types != NULL && n_types != n)) {
        error_set(err, ERR_FORMAT, "the vocabulary has %d tokens but %llu scores and %llu types: the file is damaged",
                  (int)t->n, (unsigned long long)n_scores, (unsigned long long)n_types);
        ok = false;
    } else if (!t->bytelevel && scores == NULL) {
        error_set(err, ERR_FORMAT, "the vocabulary has no scores (tokenizer.ggml.scores)");
        ok = false;
    }
    for (int32_t i = 0; ok && i < t->n; i++)
        t->types[i] = types != NULL && types[i] >= TOKEN_NORMAL && types[i] <= TOKEN_BYTE ? (uint8_t)types[i]
                                                                                         : TOKEN_NORMAL;
    free(types);
    return ok;
}

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
    t->bos = read_id(t, source, "tokenizer.ggml.bos_token_id", t->bytelevel ? -1 : 1);
    t->eos = read_id(t, source, "tokenizer.ggml.eos_token_id", t->bytelevel ? -1 : 2);
    t->unknown = read_id(t, source, "tokenizer.ggml.unknown_token_id", t->bytelevel ? -1 : 0);
    t->eot = read_id(t, source, "tokenizer.ggml.eot_token_id", -1);
    t->eom = read_id(t, source, "tokenizer.ggml.eom_token_id", control(t, "<|eom_id|>"));
    if (t->eot < 0)
        t->eot = control(t, "<|eot_id|>") >= 0 ? control(t, "<|eot_id|>") : control(t, "<|im_end|>");
    t->adds_bos = !t->bytelevel || t->pre == PRE_LLAMA3;
    t->space_prefix = !t->bytelevel;
    source_bool(source, "tokenizer.ggml.add_bos_token", &t->adds_bos);
    source_bool(source, "tokenizer.ggml.add_space_prefix", &t->space_prefix);
    t->adds_bos = t->adds_bos && t->bos >= 0;
}

/* <0x00> to <0xFF>, and the longest user-defined token. */
static void find_bytes(struct tokenizer *t)
{
    static const char digits[] = "0123456789ABCDEF";
    for (int b = 0; b < 256; b++) {
        const char spelling[] = {'<', '0', 'x', digits[b / 16], digits[b % 16], '>'};
        int32_t id = token_lookup(t, spelling, sizeof spelling);
        t->byte_ids[b] = id >= 0 && t->types[id] == TOKEN_BYTE ? id : -1;
    }
    for (int32_t id = 0; id < t->n; id++)
        if (t->types[id] == TOKEN_USER_DEFINED && token_size(t, id) > t->longest_user)
            t->longest_user = token_size(t, id);
}

struct tokenizer *tokenizer_open(const struct source *source, struct error *err)
{
    const char *kind;
    uint64_t size;
    if (!source_string(source, "tokenizer.ggml.model", &kind, &size)) {
        error_set(err, ERR_FORMAT, "the model has no tokenizer (tokenizer.ggml.model): use a file that carries one");
        return NULL;
    }
    struct tokenizer *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the vocabulary");
        return NULL;
    }
    t->bytelevel = size == 4 && memcmp(kind, "gpt2", 4) == 0;
    bool known = t->bytelevel || (size == 5 && memcmp(kind, "llama", 5) == 0);
    if (!known)
        error_set(err, ERR_UNSUPPORTED, "tokenizer '%.*s' is not supported; Palaver knows 'llama' and 'gpt2'",
                  (int)(size < 40 ? size : 40), kind);
    if (!known || !read_spellings(t, source, err) || !read_attributes(t, source, err) || !build_index(t)) {
        error_set(err, ERR_MEMORY, "no memory for the vocabulary");
        tokenizer_free(t);
        return NULL;
    }
    if (!t->bytelevel)
        find_bytes(t);
    else if (!bpe_open(t, source, err)) {
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
    free(t);
}

/* ---- what the engine's face promises ---------------------------------------------------------------------------- */

enum error_code tokenizer_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out,
                                 struct error *err)
{
    if (size > INT32_MAX / 4)
        return error_set(err, ERR_ARGUMENT, "a text of %zu bytes is too long to be split into tokens", size);
    return t->bytelevel ? bpe_encode(t, text, size, out, err) : spm_encode(t, text, size, out, err);
}

bool tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    if (!t->bytelevel)
        return spm_decode(t, ids, n, out);
    for (size_t i = 0; i < n; i++)
        tokenizer_piece(t, ids[i], out);
    return !buf_failed(out);
}

bool tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    if (id < 0 || id >= t->n || t->types[id] == TOKEN_CONTROL)
        return !buf_failed(out);
    return t->bytelevel ? bpe_piece(t, id, out) : spm_piece(t, id, out);
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
    return id >= 0 && (id == t->eos || id == t->eot || id == t->eom);
}

bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->n && t->types[id] == TOKEN_CONTROL;
}
