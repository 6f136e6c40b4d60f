/* Internals of tokenizers: the vocabulary with its index, and the kinds. Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_TOKENIZER_H
#define PALAVER_ENGINE_TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/text/cutter.h"
#include "engine/text/joints.h"

enum { TOKENIZER_ENDS = 24 };

enum token_type { TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED, TOKEN_BYTE };

/* A pair of neighbours that merges. */
struct merge {
    int32_t left, right, id;
};

struct tokenizer_kind;

/* A slot of a hash table: the place of something in its array plus one, and above that the highest bits of its hash, by which
 * most others are told apart; 0: free. Tables have a power of two of them, twice as many as they need at least. */
enum { SLOT_PLACE = (1 << 24) - 1 /* also the most that a table holds */ };

static inline uint32_t slot_make(uint32_t hash, uint32_t place)
{
    return (hash & ~(uint32_t)SLOT_PLACE) | (place + 1);
}

static inline uint32_t slot_place(uint32_t slot)
{
    return (slot & SLOT_PLACE) - 1;
}

/* Whether a slot that is not free may be that of something with this hash. */
static inline bool slot_fits(uint32_t slot, uint32_t hash)
{
    return ((slot ^ hash) & ~(uint32_t)SLOT_PLACE) == 0;
}

/* vocabulary.c: an empty table for n, of *n_slots; NULL when out of memory. */
uint32_t *slots_new(uint32_t n, uint32_t *n_slots);

struct tokenizer {
    const struct tokenizer_kind *kind;
    struct cutter cutter; /* byte-level BPE */
    int32_t n;
    char *arena;      /* all spellings, each followed by a NUL */
    uint32_t *starts; /* (n + 1) into arena */
    float *scores;    /* (n), SentencePiece */
    uint8_t *types;   /* (n) enum token_type */
    uint32_t *slots;  /* (n_slots) index by spelling */
    uint32_t n_slots;
    int32_t byte_ids[256]; /* the token that stands for a byte, -1 */
    int32_t bos, eos, unknown, eot, eom;
    int32_t ends[TOKENIZER_ENDS]; /* all that end an answer */
    size_t n_ends;
    bool special_starts[256]; /* the bytes with which special tokens begin */
    uint32_t longest_special; /* bytes */
    bool adds_bos;
    bool space_prefix;      /* SentencePiece: a text is encoded as if a space stood in front */
    uint32_t longest_space; /* bytes of the longest user-defined token of white space, 0 when there are none */
    struct joints joints;   /* SentencePiece: where a text can't be cut */
    struct merge *merges;   /* (n_merges), the first come first */
    uint32_t n_merges;
    uint32_t *merge_slots; /* (n_merge_slots) index by pair */
    uint32_t n_merge_slots;
    bool lower_case, strip_accents, split_ideographs; /* WordPiece: what is done to a text first */
    uint32_t longest_word;                            /* WordPiece: bytes of the longest token */
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

/* Whether the token spells white space alone: U+2581, tabs, line ends. */
bool token_is_space(const struct tokenizer *t, int32_t id);

/* vocabulary.c: spellings, scores and types from tokenizer.ggml.*, and the index. False on failure. */
bool vocabulary_read(struct tokenizer *t, const struct source *source, struct error *err);

/* special.c: the longest special token (control or user-defined) spelled at the beginning of text[0..size), *used its
 * bytes; -1. For what a template wrote: in a message nothing is special. */
int32_t token_special_at(const struct tokenizer *t, const char *text, size_t size, size_t *used);
/* special.c: a token that ends an answer too; -1 is fine. */
void special_add_end(struct tokenizer *t, int32_t id);
/* special.c: finds the special tokens and those that end an answer. */
void special_open(struct tokenizer *t);

/* tokenizer.c: tokenizer_encode of a part of a text; prefix: SentencePiece puts a space in front. */
enum error_code token_encode_stretch(const struct tokenizer *t, const char *text, size_t size, bool prefix,
                                     struct ids *out, struct error *err);

/* tokenizer.c: builds the tokenizer from tokenizer.ggml.* keys; NULL on failure. */
struct tokenizer *tokenizer_open(const struct source *source, struct error *err);
void tokenizer_free(struct tokenizer *t);

/* One way to tokenize. The functions are those of engine.h, with ids in range and no control token for piece. */
struct tokenizer_kind {
    const char *name;          /* as tokenizer.ggml.model says it */
    const char *title;         /* for people */
    bool scored;               /* the vocabulary must have scores */
    int32_t bos, eos, unknown; /* unless the file says; -1: none */
    /* What this kind needs beyond the vocabulary; also sets adds_bos and space_prefix, and bos, eos and unknown where they
     * are others than the above, unless the file says. */
    bool (*open)(struct tokenizer *t, const struct source *source, struct error *err);
    enum error_code (*encode)(const struct tokenizer *t, const char *text, size_t size, bool prefix, struct ids *out,
                              struct error *err);
    bool (*decode)(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out);
    bool (*piece)(const struct tokenizer *t, int32_t id, struct buf *out);
};
extern const struct tokenizer_kind spm_kind, bpe_kind, wordpiece_kind;

#endif
