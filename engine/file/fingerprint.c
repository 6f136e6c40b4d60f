/* The fingerprint that version 0.1 gave a GGUF file, by which answers in older histories know their model: of metadata,
 * shapes and a sample of the data as they lie, the same wherever the file lies and however it is split. Today's is of
 * values (engine/model/identity.c). Nothing here may change. */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/names.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"

#define SAMPLES 16        /* tensors whose data the fingerprint looks at */
#define SAMPLE_BYTES 4096 /* of each */

/* Names, licences and the like say nothing of what the model computes, nor does the text of its template or how the
 * file is split. */
static bool is_hashed(const char *key)
{
    return strcmp(key, "tokenizer.chat_template") != 0 && strncmp(key, "split.", 6) != 0 &&
           (strncmp(key, "general.", 8) != 0 || strcmp(key, "general.architecture") == 0);
}

static uint64_t hash_tensor(const struct tensor_entry *e)
{
    uint64_t shape[3] = {e->tensor.type, e->tensor.rows, e->tensor.cols};
    uint64_t h = names_hash(1, e->name, strlen(e->name));
    for (int i = 0; i < 3; i++)
        h = (h ^ shape[i]) * UINT64_C(0x9E3779B97F4A7C15);
    return h;
}

/* The middle of a tensor's data, of one in pieces that of the first. */
static const void *sample(const struct tensor *t, uint64_t *size)
{
    const uint64_t part = t->n_pieces > 0 ? t->pieces[0].rows * t->pieces[0].cols : t->rows * t->cols;
    const struct tensor_traits *traits = tensor_traits(t->type);
    uint64_t all = part / traits->block * traits->block_bytes;
    *size = all < SAMPLE_BYTES ? all : SAMPLE_BYTES;
    return (const unsigned char *)t->data + (all - *size) / 2;
}

/* Which tensors are sampled must not depend on their order in the file, so it depends on their names: those with the
 * smallest hashes. Returns how many. */
static size_t choose_samples(const struct source *s, size_t chosen[SAMPLES])
{
    uint64_t hashes[SAMPLES];
    size_t n = 0;
    for (size_t i = 0; i < s->n_tensors; i++) {
        uint64_t h = hash_tensor(&s->tensors[i]);
        size_t at = n;
        while (at > 0 && hashes[at - 1] > h)
            at--;
        if (at == SAMPLES)
            continue;
        n += n < SAMPLES;
        memmove(hashes + at + 1, hashes + at, (n - 1 - at) * sizeof *hashes);
        memmove(chosen + at + 1, chosen + at, (n - 1 - at) * sizeof *chosen);
        hashes[at] = h;
        chosen[at] = i;
    }
    return n;
}

static uint64_t hash_samples(const struct source *s)
{
    size_t chosen[SAMPLES], n = choose_samples(s, chosen);
    uint64_t sum = 0, size;
    for (size_t i = 0; i < n; i++) {
        const void *bytes = sample(&s->tensors[chosen[i]].tensor, &size);
        source_expect(bytes, size);
    }
    for (size_t i = 0; i < n; i++) {
        const struct tensor_entry *e = &s->tensors[chosen[i]];
        const void *bytes = sample(&e->tensor, &size);
        sum += names_hash(hash_tensor(e), bytes, size);
    }
    return sum;
}

uint64_t source_fingerprint(const struct source *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_values; i++) {
        const struct value_entry *e = &s->values[i];
        if (is_hashed(e->key))
            sum += names_hash(names_hash(0, e->key, strlen(e->key)), e->value.bytes, e->value.size);
    }
    for (size_t i = 0; i < s->n_tensors; i++)
        sum += hash_tensor(&s->tensors[i]);
    return sum + hash_samples(s);
}
