/* WordPiece as BERT uses it (Devlin et al. 2018, arXiv:1810.04805): a text is cleaned, cut into words at white space,
 * punctuation and Han characters, and each word into the longest tokens from its beginning on.
 *
 * The ids are those of Hugging Face's tokenizers (BertNormalizer, BertPreTokenizer): control and format characters are
 * left out, accents are the nonspacing marks of the decomposed text, case is changed character by character. Unlike in the
 * other kinds a special token that is spelled in the text is that token there too. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/text/tokenizer.h"

#define MARK "\xE2\x96\x81" /* U+2581, with which a token begins that begins a word */

enum { MARK_BYTES = 3, WORD_MOST = 100 }; /* characters; a longer word is unknown */

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static int32_t special_id(const struct tokenizer *t, const struct source *source, const char *key, const char *spelling)
{
    uint64_t id;
    if (source_uint(source, key, &id) && id < (uint64_t)t->n)
        return (int32_t)id;
    return token_lookup(t, spelling, strlen(spelling));
}

/* Whether words of the vocabulary have capitals: files of the GGUF form do not say whether a model wants lower case. */
static bool has_capitals(const struct tokenizer *t)
{
    for (int32_t id = 0; id < t->n; id++) {
        const char *text = token_text(t, id);
        if (t->types[id] == TOKEN_NORMAL && strncmp(text, MARK, MARK_BYTES) == 0 && text[MARK_BYTES] >= 'A' &&
            text[MARK_BYTES] <= 'Z')
            return true;
    }
    return false;
}

/* Converters call tokens special by their brackets; tokenizers finds [UNK] in a text, and no [unused7]. */
static void sort_specials(struct tokenizer *t)
{
    for (int32_t id = 0; id < t->n; id++)
        if (t->types[id] == TOKEN_CONTROL && strncmp(token_text(t, id), "[unused", 7) == 0)
            t->types[id] = TOKEN_UNUSED;
    if (t->unknown >= 0)
        t->types[t->unknown] = TOKEN_CONTROL;
}

static bool wordpiece_open(struct tokenizer *t, const struct source *source, struct error *err)
{
    (void)err;
    t->bos = special_id(t, source, "tokenizer.ggml.cls_token_id", "[CLS]");
    t->eos = special_id(t, source, "tokenizer.ggml.seperator_token_id", "[SEP]"); /* GGUF spells it so */
    t->unknown = token_lookup(t, "[UNK]", 5);
    sort_specials(t);
    t->adds_bos = true;
    t->lower_case = !has_capitals(t);
    source_bool(source, "palaver.tokenizer.lower_case", &t->lower_case);
    t->strip_accents = t->lower_case;
    source_bool(source, "palaver.tokenizer.strip_accents", &t->strip_accents);
    t->split_ideographs = true;
    source_bool(source, "palaver.tokenizer.split_ideographs", &t->split_ideographs);
    for (int32_t id = 0; id < t->n; id++)
        t->longest_word = token_size(t, id) > t->longest_word ? token_size(t, id) : t->longest_word;
    return true;
}

/* ---- the normal form -------------------------------------------------------------------------------------------- */

static bool is_space(uint32_t code, utf8proc_category_t category)
{
    return code == '\t' || code == '\n' || code == '\r' || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static bool is_dropped(uint32_t code, utf8proc_category_t category)
{
    return code == UTF8_INVALID || code == 0xFFFD || category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

/* The blocks of Han characters that BERT's authors name; tokenizers begins one of them later than they do. */
static bool is_ideograph(uint32_t code)
{
    return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
           (code >= 0x20000 && code <= 0x2A6DF) || (code >= 0x2A700 && code <= 0x2B73F) ||
           (code >= 0x2B740 && code <= 0x2B81F) || (code >= 0x2B920 && code <= 0x2CEAF) ||
           (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x2F800 && code <= 0x2FA1F);
}

static bool is_punctuation(uint32_t code)
{
    if (code < 0x80)
        return (code >= '!' && code <= '/') || (code >= ':' && code <= '@') || (code >= '[' && code <= '`') ||
               (code >= '{' && code <= '~');
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

static utf8proc_category_t category_of(uint32_t code)
{
    return code == UTF8_INVALID ? UTF8PROC_CATEGORY_CN : utf8proc_category((utf8proc_int32_t)code);
}

/* What is left of a text when control characters are taken out, white space is blanks, and Han characters stand apart. */
static void clean_text(const struct tokenizer *t, const char *text, size_t size, struct buf *out)
{
    for (size_t at = 0, used; at < size; at += used) {
        const uint32_t code = utf8_decode(text + at, size - at, &used);
        const utf8proc_category_t category = category_of(code);
        const bool apart = t->split_ideographs && is_ideograph(code);
        if (is_space(code, category)) {
            buf_putc(out, ' ');
        } else if (!is_dropped(code, category)) {
            if (apart)
                buf_putc(out, ' ');
            buf_append(out, text + at, used);
            if (apart)
                buf_putc(out, ' ');
        }
    }
}

static void put_code(struct buf *out, uint32_t code)
{
    char bytes[4];
    buf_append(out, bytes, utf8_encode(code, bytes));
}

/* Lower case and accents of a clean text as the model wants them. */
static void fold_text(const struct tokenizer *t, const char *text, size_t size, struct buf *out)
{
    for (size_t at = 0, used; at < size; at += used) {
        const uint32_t code = utf8_decode(text + at, size - at, &used);
        if (t->strip_accents && category_of(code) == UTF8PROC_CATEGORY_MN)
            continue;
        if (t->lower_case && code == 0x130) /* the only capital that becomes two characters */
            buf_puts(out, "i\xCC\x87");
        else if (t->lower_case)
            put_code(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)code));
        else
            buf_append(out, text + at, used);
    }
}

/* Canonical decomposition takes the accents off their letters. *out is malloc'ed; false when out of memory. */
static bool decompose(const struct buf *text, char **out, size_t *size)
{
    utf8proc_uint8_t *result = NULL;
    const utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)buf_text(text), (utf8proc_ssize_t)text->size,
                                            &result, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
    *out = (char *)result;
    *size = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

static bool normalise(const struct tokenizer *t, const char *text, size_t size, struct buf *out)
{
    struct buf clean;
    char *apart = NULL;
    size_t n = 0;
    buf_init(&clean, 3 * size + 1);
    clean_text(t, text, size, &clean);
    bool ok = !buf_failed(&clean);
    if (ok && t->strip_accents && (ok = decompose(&clean, &apart, &n)))
        fold_text(t, apart, n, out);
    else if (ok)
        fold_text(t, buf_text(&clean), clean.size, out);
    free(apart);
    buf_free(&clean);
    return ok && !buf_failed(out);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* The longest token that text[0..size) begins with, at least one character of it beyond the first `least` bytes. */
static int32_t longest_token(const struct tokenizer *t, const char *text, size_t size, size_t least, size_t *used)
{
    size_t n = size < t->longest_word ? size : t->longest_word;
    for (; n > least; n--) {
        if (n < size && ((unsigned char)text[n] & 0xC0) == 0x80)
            continue;
        const int32_t id = token_lookup(t, text, n);
        if (id >= 0 && t->types[id] == TOKEN_NORMAL) {
            *used = n;
            return id;
        }
    }
    return -1;
}

static size_t count_characters(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

/* One word, the mark in front; it is unknown as a whole when any part of it is. */
static bool encode_word(const struct tokenizer *t, const char *marked, size_t size, struct ids *out)
{
    const size_t before = out->n;
    size_t used = 0;
    bool known = count_characters(marked + MARK_BYTES, size - MARK_BYTES) <= WORD_MOST;
    for (size_t at = 0; known && at < size; at += used) {
        const int32_t id = longest_token(t, marked + at, size - at, at == 0 ? MARK_BYTES : 0, &used);
        known = id >= 0;
        if (known && !ids_append(out, &id, 1))
            return false;
    }
    if (known)
        return true;
    out->n = before;
    return ids_append(out, &t->unknown, 1);
}

/* Ends the word in *word, if there is one, and begins the next. */
static bool end_word(const struct tokenizer *t, struct buf *word, struct ids *out)
{
    const bool ok = word->size <= MARK_BYTES || encode_word(t, word->data, word->size, out);
    buf_clear(word);
    return buf_puts(word, MARK) && ok;
}

static bool encode_words(const struct tokenizer *t, const char *text, size_t size, struct ids *out)
{
    struct buf word;
    buf_init(&word, size + MARK_BYTES + 1);
    bool ok = buf_puts(&word, MARK);
    for (size_t at = 0, used; ok && at < size; at += used) {
        const uint32_t code = utf8_decode(text + at, size - at, &used);
        const bool alone = is_punctuation(code);
        if (code == ' ' || alone)
            ok = end_word(t, &word, out);
        if (code != ' ')
            ok = ok && buf_append(&word, text + at, used);
        if (alone)
            ok = ok && end_word(t, &word, out);
    }
    ok = ok && end_word(t, &word, out);
    buf_free(&word);
    return ok;
}

/* A stretch without special tokens. */
static bool encode_plain(const struct tokenizer *t, const char *text, size_t size, struct ids *out)
{
    struct buf normal;
    buf_init(&normal, 20 * size + 1); /* one character may become many, as U+FDFA */
    const bool ok = normalise(t, text, size, &normal) && encode_words(t, buf_text(&normal), normal.size, out);
    buf_free(&normal);
    return ok;
}

static enum error_code wordpiece_encode(const struct tokenizer *t, const char *text, size_t size, bool prefix,
                                        struct ids *out, struct error *err)
{
    (void)prefix;
    const size_t before = out->n;
    size_t from = 0, used = 1;
    bool ok = true;
    for (size_t at = 0; ok && at < size; at += used) {
        const int32_t id = token_special_at(t, text + at, size - at, &used);
        if (id < 0) {
            used = 1;
            continue;
        }
        ok = encode_plain(t, text + from, at - from, out) && ids_append(out, &id, 1);
        from = at + used;
    }
    if (ok && encode_plain(t, text + from, size - from, out))
        return ERR_NONE;
    out->n = before;
    return error_memory(err);
}

/* ---- decoding --------------------------------------------------------------------------------------------------- */

/* As it stands inside of a text: a blank before what begins a word. */
static bool wordpiece_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    const char *text = token_text(t, id);
    const bool begins = strncmp(text, MARK, MARK_BYTES) == 0;
    if (begins)
        buf_putc(out, ' ');
    return buf_puts(out, text + (begins ? MARK_BYTES : 0));
}

static bool wordpiece_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    const size_t before = out->size;
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0 && ids[i] < t->n && t->types[ids[i]] != TOKEN_CONTROL)
            wordpiece_piece(t, ids[i], out);
    if (!buf_failed(out) && out->size > before && out->data[before] == ' ') {
        memmove(out->data + before, out->data + before + 1, out->size - before); /* with the NUL */
        out->size--;
    }
    return !buf_failed(out);
}

const struct tokenizer_kind wordpiece_kind = {
    .name = "bert",
    .title = "WordPiece",
    .bos = -1,
    .eos = -1,
    .unknown = -1,
    .open = wordpiece_open,
    .encode = wordpiece_encode,
    .decode = wordpiece_decode,
    .piece = wordpiece_piece,
};
