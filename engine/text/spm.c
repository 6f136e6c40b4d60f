/* SentencePiece BPE as Llama 1 and 2 use it: spaces become U+2581, pairs merge by their score, what has no token
 * falls back to bytes. After sentencepiece (github.com/google/sentencepiece), whose ids and texts this equals. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/text/symbols.h"
#include "engine/text/tokenizer.h"

#define SPACE "\xE2\x96\x81" /* U+2581 */
#define REPLACEMENT "\xEF\xBF\xBD"

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* A token that text becomes by merging. */
static bool may_merge_to(const struct tokenizer *t, int32_t id)
{
    return id >= 0 && (t->types[id] == TOKEN_NORMAL || t->types[id] == TOKEN_UNUSED ||
                       (t->types[id] == TOKEN_USER_DEFINED && token_is_space(t, id)));
}

static void find_bytes(struct tokenizer *t)
{
    static const char digits[] = "0123456789ABCDEF";
    for (int b = 0; b < 256; b++) {
        const char spelling[] = {'<', '0', 'x', digits[b / 16], digits[b % 16], '>'};
        int32_t id = token_lookup(t, spelling, sizeof spelling);
        t->byte_ids[b] = id >= 0 && t->types[id] == TOKEN_BYTE ? id : -1;
    }
}

/* Finds <0x00> to <0xFF>, the longest user-defined token of white space, and where texts can't be cut. */
static bool spm_open(struct tokenizer *t, const struct source *source, struct error *err)
{
    (void)source;
    find_bytes(t);
    if (!joints_open(&t->joints, (size_t)t->n)) {
        error_memory(err);
        return false;
    }
    for (int32_t id = 0; id < t->n; id++) {
        if (may_merge_to(t, id))
            joints_add(&t->joints, token_text(t, id), token_size(t, id));
        if (t->types[id] == TOKEN_USER_DEFINED && token_size(t, id) > t->longest_space && token_is_space(t, id))
            t->longest_space = token_size(t, id);
    }
    t->adds_bos = t->space_prefix = true;
    return true;
}

/* ---- encoding --------------------------------------------------------------------------------------------------- */

/* The normal form: a space in front if `prefix`, spaces as U+2581, ill-formed bytes as U+FFFD. */
static bool normalise(const char *text, size_t size, bool prefix, struct buf *out)
{
    if (size > 0 && prefix)
        buf_puts(out, SPACE);
    for (size_t at = 0; at < size;) {
        size_t good = utf8_check(text + at, size - at);
        for (size_t end = at + good; at < end;) {
            const char *space = memchr(text + at, ' ', end - at);
            size_t plain = space != NULL ? (size_t)(space - text) - at : end - at;
            buf_append(out, text + at, plain);
            at += plain;
            if (at < end) {
                buf_puts(out, SPACE);
                at++;
            }
        }
        if (at < size) {
            buf_puts(out, REPLACEMENT);
            at++;
        }
    }
    return !buf_failed(out);
}

/* A text on its way to ids, as pieces between which nothing merges. */
struct encoding {
    const struct tokenizer *t;
    const char *text;       /* in the normal form */
    struct symbols symbols; /* of the piece at hand */
    struct ids *out;
};

static bool pair_token(const void *context, const struct symbol *left, const struct symbol *right, int32_t *id,
                       float *score)
{
    const struct encoding *e = context;
    *id = token_lookup(e->t, e->text + left->start, left->size + right->size);
    if (!may_merge_to(e->t, *id))
        return false;
    *score = e->t->scores[*id];
    return true;
}

/* The longest user-defined token of white space at text, which is taken whole; -1. Others are marks of templates,
 * which a text may not make by spelling them. */
static int32_t user_defined_space(const struct tokenizer *t, const char *text, size_t size)
{
    for (size_t n = size < t->longest_space ? size : t->longest_space; n > 0; n--) {
        int32_t id = token_lookup(t, text, n);
        if (id >= 0 && t->types[id] == TOKEN_USER_DEFINED && token_is_space(t, id))
            return id;
    }
    return -1;
}

static bool put_symbol(const struct encoding *e, const struct symbol *symbol)
{
    if (symbol->id >= 0)
        return ids_append(e->out, &symbol->id, 1);
    for (uint32_t i = 0; i < symbol->size; i++) {
        int32_t byte = e->t->byte_ids[(unsigned char)e->text[symbol->start + i]];
        if (byte < 0) /* a vocabulary without bytes */
            return e->t->unknown < 0 || ids_append(e->out, &e->t->unknown, 1);
        if (!ids_append(e->out, &byte, 1))
            return false;
    }
    return true;
}

/* The piece at hand is whole: its symbols become ids. */
static bool finish_piece(struct encoding *e)
{
    struct symbols *s = &e->symbols;
    bool ok = symbols_merge(s, pair_token, e);
    for (int32_t i = s->n > 0 ? 0 : -1; ok && i >= 0; i = s->at[i].next)
        ok = put_symbol(e, &s->at[i]);
    symbols_clear(s);
    return ok;
}

/* A character of text[at..size) becomes a symbol, after the character before (0 at the beginning). */
static bool add_character(struct encoding *e, size_t at, size_t size, uint32_t *before, size_t *used)
{
    uint32_t code = utf8_decode(e->text + at, size - at, used);
    int32_t id = token_lookup(e->t, e->text + at, *used);
    if (!joints_has(&e->t->joints, *before, code) && !finish_piece(e))
        return false;
    *before = code;
    return symbols_add(&e->symbols, (uint32_t)at, (uint32_t)*used, may_merge_to(e->t, id) ? id : -1);
}

static bool encode_normal(struct encoding *e, size_t size)
{
    uint32_t before = 0;
    for (size_t at = 0, used; at < size; at += used) {
        int32_t space = e->t->longest_space > 0 ? user_defined_space(e->t, e->text + at, size - at) : -1;
        if (space < 0) {
            if (!add_character(e, at, size, &before, &used))
                return false;
        } else {
            used = token_size(e->t, space);
            before = 0; /* what was taken whole is joined to nothing */
            if (!finish_piece(e) || !ids_append(e->out, &space, 1))
                return false;
        }
    }
    return finish_piece(e);
}

static enum error_code spm_encode(const struct tokenizer *t, const char *text, size_t size, bool prefix,
                                  struct ids *out, struct error *err)
{
    struct buf normal;
    size_t before = out->n;
    buf_init(&normal, size * 3 + 3);
    bool ok = normalise(text, size, prefix, &normal);
    struct encoding e = {.t = t, .text = buf_text(&normal), .out = out};
    ok = ok && encode_normal(&e, normal.size);
    symbols_free(&e.symbols);
    buf_free(&normal);
    if (ok)
        return ERR_NONE;
    out->n = before;
    return error_memory(err);
}

/* ---- decoding --------------------------------------------------------------------------------------------------- */

/* Appends the spelling with U+2581 as spaces. */
static void put_spelling(const char *text, size_t size, struct buf *out)
{
    while (size > 0) {
        const char *space = memmem(text, size, SPACE, 3);
        size_t plain = space != NULL ? (size_t)(space - text) : size;
        buf_append(out, text, plain);
        if (space != NULL)
            buf_putc(out, ' ');
        size -= space != NULL ? plain + 3 : plain;
        text += space != NULL ? plain + 3 : plain;
    }
}

static int byte_value(const struct tokenizer *t, int32_t id)
{
    const char *digits = token_text(t, id) + 3; /* of <0xNN> */
    int high = digits[0] <= '9' ? digits[0] - '0' : digits[0] - 'A' + 10;
    int low = digits[1] <= '9' ? digits[1] - '0' : digits[1] - 'A' + 10;
    return high * 16 + low;
}

static bool is_byte(const struct tokenizer *t, int32_t id)
{
    return t->types[id] == TOKEN_BYTE && token_size(t, id) == 6;
}

static bool spm_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    if (is_byte(t, id))
        buf_putc(out, (char)byte_value(t, id));
    else if (t->types[id] == TOKEN_UNKNOWN)
        buf_puts(out, " \xE2\x81\x87 ");
    else
        put_spelling(token_text(t, id), token_size(t, id), out);
    return !buf_failed(out);
}

/* A run of byte tokens: whole characters, U+FFFD for each byte that is part of none. */
static void put_bytes(const struct buf *bytes, struct buf *out)
{
    for (size_t at = 0, used; at < bytes->size; at += used) {
        bool good = utf8_decode(bytes->data + at, bytes->size - at, &used) != UTF8_INVALID;
        used = good ? used : 1;
        buf_append(out, good ? bytes->data + at : REPLACEMENT, good ? used : 3);
    }
}

static bool spm_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    struct buf bytes;
    size_t before = out->size;
    bool dropped = !t->space_prefix; /* the space in front */
    buf_init(&bytes, n + 1);
    for (size_t i = 0; i < n; i++) {
        int32_t id = ids[i];
        if (id < 0 || id >= t->n)
            continue;
        if (is_byte(t, id)) {
            buf_putc(&bytes, (char)byte_value(t, id));
            continue;
        }
        put_bytes(&bytes, out);
        buf_clear(&bytes);
        if (t->types[id] == TOKEN_CONTROL)
            continue;
        const char *text = token_text(t, id);
        if (!dropped && out->size == before && strncmp(text, SPACE, 3) == 0) {
            dropped = true;
            put_spelling(text + 3, token_size(t, id) - 3, out);
        } else {
            spm_piece(t, id, out);
        }
    }
    put_bytes(&bytes, out);
    bool ok = !buf_failed(&bytes) && !buf_failed(out);
    buf_free(&bytes);
    return ok;
}

const struct tokenizer_kind spm_kind = {
    .name = "llama",
    .title = "SentencePiece BPE",
    .scored = true,
    .bos = 1,
    .eos = 2,
    .unknown = 0,
    .open = spm_open,
    .encode = spm_encode,
    .decode = spm_decode,
    .piece = spm_piece,
};
