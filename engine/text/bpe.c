/* Byte-level BPE as GPT-2 introduced it: words are cut by an expression, their bytes spelled with printable letters,
 * and merged in the order of the vocabulary's list of merges. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/file/vocab.h"
#include "engine/text/symbols.h"
#include "engine/text/tokenizer.h"

/* The byte of a letter; -1 for what is none. */
static int letter_byte(uint32_t letter)
{
    if (letter < 256)
        return vocab_byte_letter((int)letter) == letter ? (int)letter : -1;
    uint32_t i = letter - 256;
    return i <= 32 ? (int)i : i <= 66 ? (int)i - 33 + 127 : i == 67 ? 173 : -1;
}

/* ---- merges ----------------------------------------------------------------------------------------------------- */

static uint32_t hash_pair(int32_t left, int32_t right)
{
    uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    return (uint32_t)((pair * 0x9e3779b97f4a7c15) >> 32);
}

/* The slot that holds the pair, or the free one where it would go. */
static uint32_t *merge_slot(const struct tokenizer *t, int32_t left, int32_t right, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        uint32_t *slot = &t->merge_slots[at & (t->n_merge_slots - 1)];
        if (*slot == 0)
            return slot;
        const struct merge *m = slot_fits(*slot, hash) ? &t->merges[slot_place(*slot)] : NULL;
        if (m != NULL && m->left == left && m->right == right)
            return slot;
    }
}

/* One line "left right" of the list. Lines that name unknown tokens are left out, as other readers do. */
static void add_merge(struct tokenizer *t, const char *line, size_t size)
{
    const char *space = size > 1 ? memchr(line + 1, ' ', size - 1) : NULL;
    char joined[1024];
    if (space == NULL || size > sizeof joined)
        return;
    size_t n_left = (size_t)(space - line), n_right = size - n_left - 1;
    int32_t left = token_lookup(t, line, n_left), right = token_lookup(t, space + 1, n_right);
    memcpy(joined, line, n_left);
    memcpy(joined + n_left, space + 1, n_right);
    int32_t id = token_lookup(t, joined, n_left + n_right);
    if (left < 0 || right < 0 || id < 0)
        return;
    const uint32_t hash = hash_pair(left, right);
    uint32_t *slot = merge_slot(t, left, right, hash);
    if (*slot != 0)
        return;
    *slot = slot_make(hash, t->n_merges);
    t->merges[t->n_merges++] = (struct merge){left, right, id};
}

static bool read_merges(struct tokenizer *t, const struct source *source, struct error *err)
{
    const char *line;
    uint64_t n, size;
    const struct value *lines = source_texts(source, "tokenizer.ggml.merges", &n);
    if (lines == NULL || n > SLOT_PLACE) {
        error_set(err, ERR_FORMAT, "the vocabulary has no merges (tokenizer.ggml.merges): convert the model again");
        return false;
    }
    t->merge_slots = slots_new((uint32_t)n, &t->n_merge_slots);
    t->merges = malloc((n + 1) * sizeof *t->merges);
    if (t->merge_slots == NULL || t->merges == NULL) {
        error_memory(err);
        return false;
    }
    for (uint64_t i = 0; i < n; i++)
        if (source_text_at(lines, i, &line, &size))
            add_merge(t, line, size);
    return true;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* The cutter of a tokenizer.json, which has no name. */
static bool open_expressions(struct tokenizer *t, const struct source *source, const struct value *expressions,
                             uint64_t n, struct error *err)
{
    char *texts[CUTTER_STAGES] = {NULL};
    bool whole = false, ok = n <= CUTTER_STAGES;
    source_bool(source, "palaver.tokenizer.whole_words", &whole);
    for (uint64_t i = 0; i < n && ok; i++) {
        const char *text;
        uint64_t size;
        ok = source_text_at(expressions, i, &text, &size) && (texts[i] = strndup(text, (size_t)size)) != NULL;
    }
    if (ok)
        ok = cutter_open_expressions(&t->cutter, (const char *const *)texts, (int)n, whole, err) == ERR_NONE;
    else
        error_set(err, ERR_UNSUPPORTED, "the tokenizer cuts texts by %llu expressions, Palaver by %d at most",
                  (unsigned long long)n, (int)CUTTER_STAGES);
    for (int i = 0; i < CUTTER_STAGES; i++)
        free(texts[i]);
    return ok;
}

static bool choose_cutter(struct tokenizer *t, const struct source *source, struct error *err)
{
    uint64_t n;
    const struct value *expressions = source_texts(source, "palaver.tokenizer.expressions", &n);
    if (expressions != NULL)
        return open_expressions(t, source, expressions, n, err);
    const char *name = "gpt-2"; /* of files from before the key was there */
    uint64_t size = 5;
    source_string(source, "tokenizer.ggml.pre", &name, &size);
    return cutter_open(&t->cutter, name, size, err) == ERR_NONE;
}

static bool bpe_open(struct tokenizer *t, const struct source *source, struct error *err)
{
    if (!choose_cutter(t, source, err) || !read_merges(t, source, err))
        return false;
    t->adds_bos = t->cutter.whole_words;
    for (int b = 0; b < 256; b++) {
        char letter[4];
        size_t size = utf8_encode(vocab_byte_letter(b), letter);
        t->byte_ids[b] = token_lookup(t, letter, size);
    }
    return true;
}

/* ---- encoding --------------------------------------------------------------------------------------------------- */

static bool pair_token(const void *context, const struct symbol *left, const struct symbol *right, int32_t *id,
                       float *score)
{
    if (left->id < 0 || right->id < 0)
        return false;
    const struct tokenizer *t = context;
    const uint32_t slot = *merge_slot(t, left->id, right->id, hash_pair(left->id, right->id));
    if (slot == 0)
        return false;
    *id = t->merges[slot_place(slot)].id;
    *score = -(float)slot_place(slot);
    return true;
}

/* The token that spells the whole word, where the vocabulary prefers it to merging; -1. */
static int32_t whole_word(const struct tokenizer *t, const char *word, size_t size)
{
    char spelled[512];
    size_t n = 0;
    if (!t->cutter.whole_words || size > sizeof spelled / 2)
        return -1;
    for (size_t i = 0; i < size; i++)
        n += utf8_encode(vocab_byte_letter((unsigned char)word[i]), spelled + n);
    int32_t id = token_lookup(t, spelled, n);
    return id >= 0 && t->types[id] == TOKEN_NORMAL ? id : -1;
}

/* A text on its way to ids. */
struct encoding {
    const struct tokenizer *t;
    struct symbols symbols; /* of the word at hand */
    struct ids *out;
};

static bool encode_word(void *context, const char *word, size_t size)
{
    struct encoding *e = context;
    struct symbols *s = &e->symbols;
    int32_t id = whole_word(e->t, word, size);
    if (id >= 0)
        return ids_append(e->out, &id, 1);
    symbols_clear(s);
    for (size_t i = 0; i < size; i++)
        if ((id = e->t->byte_ids[(unsigned char)word[i]]) >= 0 && !symbols_add(s, (uint32_t)i, 1, id))
            return false;
    if (!symbols_merge(s, pair_token, e->t))
        return false;
    for (int32_t i = s->n > 0 ? 0 : -1; i >= 0; i = s->at[i].next)
        if (!ids_append(e->out, &s->at[i].id, 1))
            return false;
    return true;
}

/* Bytes that the vocabulary lacks are left out, as by Hugging Face's tokenizers: its unknown token may end a text. */
static enum error_code bpe_encode(const struct tokenizer *t, const char *text, size_t size, bool prefix,
                                  struct ids *out, struct error *err)
{
    (void)prefix;
    struct encoding e = {.t = t, .out = out};
    const size_t before = out->n;
    const bool ok = cutter_cut(&t->cutter, text, size, encode_word, &e);
    symbols_free(&e.symbols);
    if (ok)
        return ERR_NONE;
    out->n = before;
    return error_memory(err);
}

static bool bpe_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    const char *text = token_text(t, id);
    size_t size = token_size(t, id);
    if (t->types[id] == TOKEN_USER_DEFINED) /* added tokens are spelled as they are */
        return buf_append(out, text, size);
    for (size_t at = 0, used; at < size; at += used) {
        int byte = letter_byte(utf8_decode(text + at, size - at, &used));
        if (byte >= 0)
            buf_putc(out, (char)byte);
        else
            buf_append(out, text + at, used);
    }
    return !buf_failed(out);
}

static bool bpe_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0 && ids[i] < t->n && t->types[ids[i]] != TOKEN_CONTROL)
            bpe_piece(t, ids[i], out);
    return !buf_failed(out);
}

const struct tokenizer_kind bpe_kind = {
    .name = "gpt2",
    .title = "byte-level BPE",
    .bos = -1,
    .eos = -1,
    .unknown = -1,
    .open = bpe_open,
    .encode = bpe_encode,
    .decode = bpe_decode,
    .piece = bpe_piece,
};
