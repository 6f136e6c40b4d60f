/* The vocabulary of a tokenizer: spellings, scores and types, and the index by spelling.
 *
 * Vocabularies have 300 to 256,000 tokens; reading one takes some milliseconds, because spellings go to one block of
 * memory and are found by one open-addressing table. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/file/source.h"
#include "engine/text/tokenizer.h"

enum { MAX_VOCAB = SLOT_PLACE, MAX_ARENA = 1 << 30 };

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

uint32_t *slots_new(uint32_t n, uint32_t *n_slots)
{
    *n_slots = 16;
    while (*n_slots < n * 2)
        *n_slots *= 2;
    return calloc(*n_slots, sizeof(uint32_t));
}

static bool is_spelled(const struct tokenizer *t, int32_t id, const char *text, size_t size)
{
    return token_size(t, id) == size && memcmp(token_text(t, id), text, size) == 0;
}

/* The slot that holds the text, or the free one where it would go. */
static uint32_t *slot_of(const struct tokenizer *t, const char *text, size_t size, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        uint32_t *slot = &t->slots[at & (t->n_slots - 1)];
        if (*slot == 0 || (slot_fits(*slot, hash) && is_spelled(t, (int32_t)slot_place(*slot), text, size)))
            return slot;
    }
}

int32_t token_lookup(const struct tokenizer *t, const char *text, size_t size)
{
    const uint32_t slot = *slot_of(t, text, size, hash_text(text, size));
    return slot != 0 ? (int32_t)slot_place(slot) : -1;
}

bool token_is_space(const struct tokenizer *t, int32_t id)
{
    const char *text = token_text(t, id);
    while (*text != '\0' && (strncmp(text, "\xE2\x96\x81", 3) == 0 || strchr("\t\r\n", *text) != NULL))
        text += strchr("\t\r\n", *text) != NULL ? 1 : 3;
    return *text == '\0' && token_size(t, id) > 0;
}

/* Equal spellings are refused: the ids of a text would be a matter of chance, and sentencepiece and llama.cpp open no such
 * vocabulary either. Ids without a spelling may be many. */
static bool build_index(struct tokenizer *t, struct error *err)
{
    t->slots = slots_new((uint32_t)t->n, &t->n_slots);
    if (t->slots == NULL) {
        error_memory(err);
        return false;
    }
    for (int32_t id = 0; id < t->n; id++) {
        const uint32_t hash = hash_text(token_text(t, id), token_size(t, id));
        uint32_t *slot = slot_of(t, token_text(t, id), token_size(t, id), hash);
        if (*slot != 0 && token_size(t, id) > 0) {
            error_set(err, ERR_FORMAT,
                      "the vocabulary's tokens %d and %d are both spelled '%.60s': the file is damaged",
                      (int)slot_place(*slot), (int)id, token_text(t, id));
            return false;
        }
        if (*slot == 0)
            *slot = slot_make(hash, (uint32_t)id);
    }
    return true;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool read_spellings(struct tokenizer *t, const struct source *source, struct error *err)
{
    const char *bytes;
    uint64_t n, size, total = 0;
    const struct value *texts = source_texts(source, "tokenizer.ggml.tokens", &n);
    if (texts == NULL || n == 0 || n > MAX_VOCAB) {
        error_set(err, ERR_FORMAT,
                  "the model has no vocabulary (tokenizer.ggml.tokens): use a file that carries its "
                  "tokenizer");
        return false;
    }
    for (uint64_t i = 0; i < n; i++) {
        if (!source_text_at(texts, i, &bytes, &size) || size > MAX_ARENA || (total += size + 1) > MAX_ARENA) {
            error_set(err, ERR_FORMAT, "the vocabulary's token %llu is no text of sensible length",
                      (unsigned long long)i);
            return false;
        }
    }
    t->n = (int32_t)n;
    t->arena = malloc(total);
    t->starts = malloc((n + 1) * sizeof *t->starts);
    if (t->arena == NULL || t->starts == NULL) {
        error_memory(err);
        return false;
    }
    uint32_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        source_text_at(texts, i, &bytes, &size);
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
        error_memory(err);
    else if ((scores != NULL && n_scores != n) || (types != NULL && n_types != n)) {
        error_set(err, ERR_FORMAT, "the vocabulary has %d tokens but %llu scores and %llu types: the file is damaged",
                  (int)t->n, (unsigned long long)n_scores, (unsigned long long)n_types);
        ok = false;
    } else if (t->kind->scored && scores == NULL) {
        error_set(err, ERR_FORMAT, "the vocabulary has no scores (tokenizer.ggml.scores)");
        ok = false;
    }
    for (int32_t i = 0; ok && scores != NULL && i < t->n; i++)
        if (isnan(scores[i])) { /* merges are ordered by score, and nothing comes before or after NaN */
            error_set(err, ERR_FORMAT, "the vocabulary's token %d has no number as its score: the file is damaged",
                      (int)i);
            ok = false;
        }
    for (int32_t i = 0; ok && i < t->n; i++)
        t->types[i] = types != NULL && types[i] >= TOKEN_NORMAL && types[i] <= TOKEN_BYTE ? (uint8_t)types[i]
                                                                                          : TOKEN_NORMAL;
    free(types);
    return ok;
}

bool vocabulary_read(struct tokenizer *t, const struct source *source, struct error *err)
{
    return read_spellings(t, source, err) && read_attributes(t, source, err) && build_index(t, err);
}
