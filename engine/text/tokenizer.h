/* The tokenizer's insides: the vocabulary with its index, and what the two kinds add. Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_TOKENIZER_H
#define PALAVER_ENGINE_TEXT_TOKENIZER_H

#include "engine/engine.h"
#include "engine/file/source.h"

enum token_type { TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED, TOKEN_BYTE };

/* How byte-level BPE cuts a text into words before it merges. */
enum pretokenizer {
    PRE_GPT2,   /* GPT-2's expression */
    PRE_SMOLLM, /* every digit alone, then GPT-2's */
    PRE_LLAMA3, /* Llama 3's: groups of up to three digits, contractions in any case */
    PRE_QWEN2,  /* Llama 3's with every digit alone */
};

/* A pair of neighbours that merges. */
struct merge {
    int32_t left, right; /* -1: an empty slot */
    int32_t rank, id;
};

struct tokenizer {
    bool bytelevel;          /* byte-level BPE, else SentencePiece BPE */
    enum pretokenizer pre;
    int32_t n;
    char *arena;             /* all spellings, each with a NUL behind it */
    uint32_t *starts;        /* (n + 1) into arena */
    float *scores;           /* (n), SentencePiece */
    uint8_t *types;          /* (n) enum token_type */
    int32_t *slots;          /* index by spelling: id + 1, 0 empty */
    uint32_t n_slots;        /* a power of two */
    int32_t byte_ids[256];   /* the token that stands for a byte, -1 */
    int32_t bos, eos, unknown, eot, eom;
    bool adds_bos, space_prefix, ignore_merges;
    uint32_t longest_user;   /* bytes of the longest user-defined token, 0 when there are none */
    struct merge *merges;    /* hash table of n_merge_slots */
    uint32_t n_merge_slots;
};

static inline const char *token_text(const struct tokenizer *t, int32_t id)
{
    return t->arena + t->starts[id];
}

static inline uint32_t token_size(const struct tokenizer *t, int32_t id)
{
    return t->starts[id + 1] - t->starts[id] - 1;
}

/* The token spelled so; -1 if there is none. */
int32_t token_lookup(const struct tokenizer *t, const char *text, size_t size);

/* spm.c */
enum error_code spm_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out, struct error *err);
bool spm_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out);
bool spm_piece(const struct tokenizer *t, int32_t id, struct buf *out);

/* bpe.c */
bool bpe_open(struct tokenizer *t, const struct source *source, struct error *err);
enum error_code bpe_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out, struct error *err);
bool bpe_piece(const struct tokenizer *t, int32_t id, struct buf *out);

/* pretokenize.c: the bytes of the next word of text[0..size), size > 0; at least 1. */
size_t pretokenize(enum pretokenizer pre, const char *text, size_t size);

#endif
