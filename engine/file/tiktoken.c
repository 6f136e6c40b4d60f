/* tokenizer.model as Meta publishes it since Llama 3: a line for each token, its bytes in base64 and its rank, which is
 * its id too; special tokens follow after the last rank and are named by Meta's code, not by the file.
 *
 * The pair of neighbours merges whose joint token has the lowest rank. GGUF's list of merges says the same when every
 * way to cut a token into two tokens is a merge, in the order of the whole's rank, as Hugging Face's converter writes
 * them too. Expect 128,000 tokens and some 280,000 merges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/file/names.h"
#include "engine/file/vocab.h"

enum {
    TOKEN_LONGEST = 256, /* bytes */
    SPECIALS = 256,
};

struct reader {
    struct vocab *v;
    const char *file;
    struct names ids; /* by the letters that spell a token's bytes */
    struct error *err;
};

/* Special tokens that Meta's code names, by their number after the last rank; the others are reserved. */
static const struct special {
    int number;
    const char *first, *later; /* of Llama 3, and since 3.1; NULL: reserved */
} specials[] = {
    {0, "<|begin_of_text|>", "<|begin_of_text|>"},
    {1, "<|end_of_text|>", "<|end_of_text|>"},
    {4, NULL, "<|finetune_right_pad_id|>"},
    {5, NULL, "<|step_id|>"},
    {6, "<|start_header_id|>", "<|start_header_id|>"},
    {7, "<|end_header_id|>", "<|end_header_id|>"},
    {8, NULL, "<|eom_id|>"},
    {9, "<|eot_id|>", "<|eot_id|>"},
    {10, NULL, "<|python_tag|>"},
};

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* The six bits of a letter of base64; -1. */
static int sextet(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* Decodes base64 from text on, up to the first character that is none; how many characters, 0 for a fault. */
static size_t decode(const char *text, size_t size, unsigned char out[TOKEN_LONGEST], size_t *n)
{
    size_t at = 0;
    uint32_t bits = 0;
    *n = 0;
    for (; at < size && sextet(text[at]) >= 0; at++) {
        bits = bits << 6 | (uint32_t)sextet(text[at]);
        if (at % 4 == 0)
            continue;
        if (*n == TOKEN_LONGEST)
            return 0;
        out[(*n)++] = (unsigned char)(bits >> (6 - at % 4 * 2));
    }
    for (; at < size && text[at] == '=' && at % 4 > 1; at++)
        ;
    return at % 4 == 0 ? at : 0;
}

/* One line "BASE64 RANK"; false for a damaged one. */
static bool read_line(const char *line, size_t size, unsigned char bytes[TOKEN_LONGEST], size_t *n, uint64_t *rank)
{
    const size_t used = decode(line, size, bytes, n);
    size_t at = used + 1;
    *rank = 0;
    if (used == 0 || *n == 0 || at >= size || line[used] != ' ')
        return false;
    for (; at < size && line[at] >= '0' && line[at] <= '9' && *rank < VOCAB_MOST; at++)
        *rank = *rank * 10 + (uint64_t)(line[at] - '0');
    return at == size && *rank < VOCAB_MOST;
}

bool vocab_is_tiktoken(const char *text, size_t size)
{
    unsigned char bytes[TOKEN_LONGEST];
    size_t n;
    uint64_t rank;
    const char *end = memchr(text, '\n', size < 1024 ? size : 1024);
    return end != NULL && read_line(text, (size_t)(end - text), bytes, &n, &rank);
}

/* The bytes as GPT-2 spells them, with a NUL; the length. */
static size_t spell(const unsigned char *bytes, size_t n, char out[2 * TOKEN_LONGEST + 1])
{
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += utf8_encode(vocab_byte_letter(bytes[i]), out + size);
    out[size] = '\0';
    return size;
}

static enum error_code add_token(struct reader *r, const unsigned char *bytes, size_t n, uint64_t rank)
{
    char spelled[2 * TOKEN_LONGEST + 1];
    const size_t size = spell(bytes, n, spelled);
    if (rank < r->v->n && r->v->at[rank].size > 0)
        return error_set(r->err, ERR_FORMAT, "%s: the rank %llu is there twice; the file is damaged, fetch it again",
                         r->file, (unsigned long long)rank);
    return vocab_set(r->v, rank, spelled, size, 0, VOCAB_NORMAL) ? ERR_NONE : error_memory(r->err);
}

static enum error_code read_lines(struct reader *r, const char *text, size_t size)
{
    unsigned char bytes[TOKEN_LONGEST];
    enum error_code code = ERR_NONE;
    size_t number = 1;
    for (size_t at = 0; at < size && code == ERR_NONE; number++) {
        const char *line = text + at, *end = memchr(line, '\n', size - at);
        const size_t length = end != NULL ? (size_t)(end - line) : size - at;
        size_t n;
        uint64_t rank;
        at += length + 1;
        if (length == 0)
            continue;
        code = read_line(line, length, bytes, &n, &rank)
                   ? add_token(r, bytes, n, rank)
                   : error_set(r->err, ERR_FORMAT,
                               "%s: line %zu is no token with its rank; the file is cut off or damaged, fetch it again",
                               r->file, number);
    }
    for (size_t id = 0; id < r->v->n && code == ERR_NONE; id++)
        if (r->v->at[id].size == 0)
            code = error_set(r->err, ERR_FORMAT, "%s: no token has the rank %zu; the file is damaged, fetch it again",
                             r->file, id);
    return code;
}

/* ---- merges ----------------------------------------------------------------------------------------------------- */

/* A way to cut a token in two. */
struct cut {
    size_t at, left, right; /* where in the spelling; ids */
};

static int compare_cuts(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    if (x->left != y->left)
        return x->left < y->left ? -1 : 1;
    return x->right < y->right ? -1 : x->right > y->right;
}

/* All cuts of a spelling into two tokens, in the order of their ids. */
static size_t find_cuts(const struct reader *r, const char *text, size_t size, struct cut cuts[TOKEN_LONGEST])
{
    char left[2 * TOKEN_LONGEST + 1];
    size_t n = 0;
    for (size_t at = 1; at < size; at++) {
        if (((unsigned char)text[at] & 0xC0) == 0x80)
            continue; /* inside of a letter */
        memcpy(left, text, at);
        left[at] = '\0';
        struct cut *c = &cuts[n];
        c->at = at;
        n += names_find(&r->ids, left, &c->left) && names_find(&r->ids, text + at, &c->right);
    }
    qsort(cuts, n, sizeof *cuts, compare_cuts);
    return n;
}

static bool add_merges(struct reader *r, size_t id)
{
    struct cut cuts[TOKEN_LONGEST];
    char text[2 * TOKEN_LONGEST + 1], line[2 * TOKEN_LONGEST + 2];
    const struct vocab_token *t = &r->v->at[id];
    memcpy(text, r->v->texts.data + t->start, t->size);
    text[t->size] = '\0';
    const size_t n = find_cuts(r, text, t->size, cuts);
    for (size_t i = 0; i < n; i++) {
        snprintf(line, sizeof line, "%.*s %s", (int)cuts[i].at, text, text + cuts[i].at);
        metadata_add_text(&r->v->merges, line, t->size + 1);
    }
    return !metadata_failed(&r->v->merges);
}

/* Names ask for texts with a NUL; those of the vocabulary are copied one after another. */
static char *index_tokens(struct reader *r)
{
    char *texts = malloc(r->v->texts.size + r->v->n + 1), *to = texts;
    for (size_t id = 0; texts != NULL && id < r->v->n; id++) {
        const struct vocab_token *t = &r->v->at[id];
        memcpy(to, r->v->texts.data + t->start, t->size);
        to[t->size] = '\0';
        if (names_add(&r->ids, to, id) == ERR_MEMORY) {
            free(texts);
            return NULL;
        }
        to += t->size + 1;
    }
    return texts;
}

static enum error_code write_merges(struct reader *r)
{
    char *texts = index_tokens(r);
    bool fits = texts != NULL;
    metadata_begin_texts(&r->v->merges, "tokenizer.ggml.merges");
    for (size_t id = 0; id < r->v->n && fits; id++)
        fits = add_merges(r, id);
    metadata_end(&r->v->merges);
    names_free(&r->ids);
    free(texts);
    return fits ? ERR_NONE : error_memory(r->err);
}

/* ---- special tokens --------------------------------------------------------------------------------------------- */

static enum error_code add_specials(struct reader *r, bool later)
{
    const size_t ranks = r->v->n;
    int reserved = 0;
    for (int i = 0; i < SPECIALS; i++) {
        char name[64];
        const char *own = NULL;
        for (size_t k = 0; k < sizeof specials / sizeof *specials; k++)
            if (specials[k].number == i)
                own = later ? specials[k].later : specials[k].first;
        if (own == NULL)
            snprintf(name, sizeof name, "<|reserved_special_token_%d|>", reserved++);
        own = own != NULL ? own : name;
        if (!vocab_set(r->v, ranks + (size_t)i, own, strlen(own), 0, VOCAB_CONTROL))
            return error_memory(r->err);
    }
    r->v->bos = (int32_t)ranks;
    r->v->eos = (int32_t)ranks + 1;
    return ERR_NONE;
}

enum error_code vocab_read_tiktoken(struct vocab *v, const char *file, const char *text, size_t size, bool later,
                                    struct error *err)
{
    struct reader r = {.v = v, .file = file, .err = err};
    v->bytelevel = v->adds_bos = true;
    v->pre = "llama-bpe";
    enum error_code code = read_lines(&r, text, size);
    if (code == ERR_NONE && v->n + SPECIALS > VOCAB_MOST)
        code =
            error_set(err, ERR_FORMAT, "%s: %zu tokens are too many; the file is damaged, fetch it again", file, v->n);
    if (code == ERR_NONE)
        code = write_merges(&r);
    return code == ERR_NONE ? add_specials(&r, later) : code;
}
