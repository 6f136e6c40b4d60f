/* The fingerprint of a model: one for what it computes, in whichever form it is published.
 *
 * It is made of values and not of bytes: sizes, the rotary frequencies, a sample of the weights with the rows in one
 * order, what the vocabulary spells and how it cuts a text. What a form adds or leaves out (names, the trained
 * context, padding, the spellings of reserved tokens) does not count, nor which of the float types holds the values: a
 * model is published as BF16 by Meta and as F16 by others. Sums of hashes, so that tensors may stand in any order. */
#include <config.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/file/names.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"
#include "engine/text/tokenizer.h"

enum {
    SAMPLES = 16,         /* tensors whose values are looked at */
    SAMPLE_VALUES = 2048, /* of each */
    SPELLING_LONGEST = 256,
};

/* What is smaller loses bits when BF16 becomes F16, and counts as 0. */
static const float least = 0x1p-17f;

/* Words, digits, white space, other scripts and what has no token, so that it tells how texts are cut. */
static const char probe[] =
    " Hello, world!\n\nThe year 2023: it's 3.14159 \t(don't)  caf\xC3\xA9 na\xC3\xAFve"
    " \xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\xA6\x99";

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 32;
}

static uint64_t mix_float(uint64_t h, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return mix(h, bits);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------ */

/* Llama 3's factors are stored in one form and computed in another; they are compared roughly. */
static uint64_t hash_rope(const struct model *m, uint64_t h)
{
    const struct rope_scaling *r = &m->rope;
    const bool stretched = r->kind == ROPE_YARN || r->kind == ROPE_DYNAMIC;
    h = mix(mix(mix_float(h, (float)r->base), (uint64_t)m->rope_pairs), r->kind);
    if (r->kind == ROPE_LINEAR || stretched)
        h = mix_float(h, (float)r->factor);
    if (stretched)
        h = mix(mix(h, (uint64_t)r->trained), (uint64_t)lround(r->attention * 4096));
    for (int32_t i = 0; i < m->rope_pairs && r->kind == ROPE_LLAMA3; i++)
        h = mix(h, (uint64_t)llround(64 * pow(r->base, -(double)i / m->rope_pairs) / m->rope_frequency[i]));
    return h;
}

static uint64_t hash_sizes(const struct model *m)
{
    const struct model_info *i = &m->info;
    const int32_t sizes[] = {i->layers, i->width, i->ff_width, i->heads, i->kv_heads, i->head_width, i->vocab};
    uint64_t h = names_hash(0, i->architecture, strlen(i->architecture));
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        h = mix(h, (uint64_t)sizes[k]);
    return hash_rope(m, mix_float(h, i->norm_epsilon));
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

/* The values of a tensor that are looked at: whole rows, or the beginning of one, from the middle of the matrix. */
struct sample {
    struct tensor t;
    uint64_t row, rows, cols;
};

static struct sample sample_of(const struct tensor *t)
{
    struct sample s = {.t = *t, .cols = t->cols < SAMPLE_VALUES ? t->cols : SAMPLE_VALUES};
    s.rows = SAMPLE_VALUES / s.cols < t->rows ? SAMPLE_VALUES / s.cols : t->rows;
    s.row = (t->rows - s.rows) / 2;
    return s;
}

/* Where the row of this number lies, counted as if the rows that turn together stood in pairs. */
static uint64_t paired_row(const struct model *m, const struct tensor *t, uint64_t row)
{
    const uint64_t head = (uint64_t)m->info.head_width, pairs = (uint64_t)m->rope_pairs, at = row % head;
    if (t->order != ROWS_HALVES || at >= 2 * pairs)
        return row;
    return row - at + at / 2 + at % 2 * pairs;
}

static void expect_sample(const struct model *m, const struct sample *s)
{
    const struct tensor part = {.type = s->t.type, .rows = 1, .cols = s->cols};
    for (uint64_t i = 0; i < s->rows; i++)
        source_expect(tensor_at(&s->t, paired_row(m, &s->t, s->row + i), 0).data, tensor_row_bytes(&part));
}

/* Reads the values, (rows, cols); their number. */
static size_t read_sample(const struct model *m, const struct sample *s, float values[SAMPLE_VALUES])
{
    size_t n = 0;
    for (uint64_t i = 0; i < s->rows; i++)
        for (uint64_t col = 0, some; col < s->cols; col += some, n += some) {
            const struct tensor_run run = tensor_at(&s->t, paired_row(m, &s->t, s->row + i), col);
            some = run.cols < s->cols - col ? run.cols : s->cols - col;
            tensor_traits(s->t.type)->unpack(run.data, values + n, (size_t)some);
        }
    return n;
}

static uint64_t hash_values(const struct model *m, const struct tensor *t, uint64_t h)
{
    float values[SAMPLE_VALUES];
    const struct sample s = sample_of(t);
    const size_t n = read_sample(m, &s, values);
    for (size_t i = 0; i < n; i++)
        h = mix_float(h, fabsf(values[i]) < least ? 0 : values[i]);
    return h;
}

static uint64_t hash_shape(const char *name, const struct tensor *t)
{
    const uint64_t h = names_hash(1, name, strlen(name));
    const bool is_float = tensor_traits(t->type)->block == 1;
    return mix(mix(mix(h, is_float ? TENSOR_F32 : t->type), t->rows), t->cols);
}

/* Some forms of a model with one matrix for embedding and output hold it twice. */
static bool is_embedding_again(const struct model *m, const char *name, const struct tensor *t)
{
    return strcmp(name, "output.weight") == 0 && t->type == m->embedding.type &&
           hash_values(m, t, 0) == hash_values(m, &m->embedding, 0);
}

/* RoPE's tensor counts as frequencies. */
static bool counts(const struct model *m, const char *name, const struct tensor *t)
{
    return !architecture_ignores(m->architecture, name) && !is_embedding_again(m, name, t);
}

/* Which tensors are sampled must not depend on their order, so it depends on their names: those with the smallest hashes.
 * Biases of queries have their elements in the order of a matrix's rows, so no bias is. */
struct choice {
    uint64_t hashes[SAMPLES];
    struct sample at[SAMPLES];
    size_t n;
};

static void choose(struct choice *c, uint64_t hash, const char *name, const struct tensor *t)
{
    size_t at = c->n;
    if (strstr(name, ".bias") != NULL)
        return;
    while (at > 0 && c->hashes[at - 1] > hash)
        at--;
    if (at == SAMPLES)
        return;
    c->n += c->n < SAMPLES;
    memmove(c->hashes + at + 1, c->hashes + at, (c->n - 1 - at) * sizeof *c->hashes);
    memmove(c->at + at + 1, c->at + at, (c->n - 1 - at) * sizeof *c->at);
    c->hashes[at] = hash;
    c->at[at] = sample_of(t);
}

static uint64_t hash_weights(const struct model *m)
{
    struct choice c = {.n = 0};
    struct tensor t;
    const char *name;
    uint64_t sum = 0;
    for (uint64_t i = 0; source_tensor_at(m->source, i, &name, &t); i++)
        if (counts(m, name, &t)) {
            const uint64_t hash = hash_shape(name, &t);
            sum += hash;
            choose(&c, hash, name, &t);
        }
    for (size_t i = 0; i < c.n; i++) /* all asked for before the first is waited for */
        expect_sample(m, &c.at[i]);
    for (size_t i = 0; i < c.n; i++)
        sum += hash_values(m, &c.at[i].t, c.hashes[i]);
    return sum;
}

/* ---- the vocabulary --------------------------------------------------------------------------------------------- */

/* Reserved and padding tokens, "<|reserved_special_token_7|>" or "[PAD31999]", have other names in each form. */
static bool is_mark(const char *text, size_t size)
{
    return size == 0 || (text[0] == '<' && text[size - 1] == '>') || (text[0] == '[' && text[size - 1] == ']');
}

/* Converters write the blanks of user-defined tokens as they are. */
static uint64_t hash_spelling(uint64_t id, const char *text, size_t size)
{
    char plain[SPELLING_LONGEST];
    size_t n = 0;
    for (size_t i = 0; i < size && n < sizeof plain; n++) {
        const bool blank = size - i >= 3 && memcmp(text + i, "\xE2\x96\x81", 3) == 0;
        plain[n] = blank ? ' ' : text[i];
        i += blank ? 3 : 1;
    }
    return names_hash(id, plain, n);
}

static uint64_t hash_vocabulary(const struct tokenizer *t)
{
    uint64_t sum = 0;
    struct ids ids = {0};
    for (int32_t id = 0; id < t->n; id++)
        if (!is_mark(token_text(t, id), token_size(t, id)))
            sum += hash_spelling((uint64_t)id, token_text(t, id), token_size(t, id));
    if (tokenizer_encode(t, probe, sizeof probe - 1, &ids, NULL) == ERR_NONE)
        for (size_t i = 0; i < ids.n; i++)
            sum = mix(sum, (uint64_t)ids.at[i]);
    ids_free(&ids);
    return sum;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

uint64_t model_make_fingerprint(const struct model *m)
{
    const uint64_t vocabulary = hash_vocabulary(m->tokenizer);
    return m->embedding.data == NULL ? vocabulary : vocabulary + hash_sizes(m) + hash_weights(m);
}

bool model_is(const struct model *m, uint64_t fingerprint)
{
    return fingerprint == m->info.fingerprint ||
           (m->info.load == LOAD_AS_IS && fingerprint == source_fingerprint(m->source));
}
