/* A vocabulary in the making: what the published tokenizer files say, gathered before it becomes GGUF's keys.
 *
 * tokenizer.model, tokenizer.json and vocab.txt fill it, tokenizer_config.json and added tokens amend it. Up to 256,000 tokens. */
#ifndef PALAVER_ENGINE_FILE_VOCAB_H
#define PALAVER_ENGINE_FILE_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/file/metadata.h"

enum { VOCAB_MOST = 1 << 20 };

/* GGUF's numbers. */
enum vocab_type {
    VOCAB_NORMAL = 1,
    VOCAB_UNKNOWN = 2,
    VOCAB_CONTROL = 3,
    VOCAB_USER_DEFINED = 4,
    VOCAB_UNUSED = 5,
    VOCAB_BYTE = 6,
};

struct vocab_token {
    size_t start, size; /* of its spelling in texts; size 0 and VOCAB_UNUSED: no token has this id */
    float score;
    uint8_t type;
};

struct vocab {
    struct buf texts;
    struct vocab_token *at; /* (n) by id */
    size_t n, capacity;
    bool bytelevel; /* byte-level BPE, else SentencePiece's */
    bool adds_bos, space_prefix;
    const char *pre;                     /* byte-level: the pre-tokeniser's name in GGUF files; NULL: by expressions */
    bool whole_words;                    /* byte-level: a word that is a token is not merged from its bytes */
    struct metadata expressions, merges; /* byte-level: one array of texts each; merges are "left right" */
    bool wordpiece;                      /* WordPiece: words begin with U+2581, what continues one has no mark */
    bool lower_case, strip_accents, split_ideographs; /* WordPiece: what is done to a text first */
    int32_t bos, eos, unknown;                        /* -1: none; WordPiece: [CLS], [SEP], [UNK] */
};

void vocab_init(struct vocab *v);
void vocab_free(struct vocab *v);
/* Sets the token of an id; earlier ids that nothing sets are unused ones. False: out of memory, or an id beyond VOCAB_MOST. */
bool vocab_set(struct vocab *v, uint64_t id, const char *text, size_t size, float score, enum vocab_type type);
/* The id of a spelling, by looking at all; -1: none. */
int32_t vocab_find(const struct vocab *v, const char *text, size_t size);
/* Fills ids up to n (the embedding's rows) with unused tokens "[PAD<id>]", as converters do. */
bool vocab_pad(struct vocab *v, size_t n);
/* GPT-2's letter for a byte, by which byte-level tokens are spelled: printable Latin-1 bytes are themselves, the others
 * U+0100 and up in turn. */
uint32_t vocab_byte_letter(int byte);
/* Adds tokenizer.ggml.* keys. */
void vocab_write(const struct vocab *v, struct metadata *m);

/* Whether a tokenizer.model is one of Llama 3's, lines of tokens in base64 and their ranks. */
bool vocab_is_tiktoken(const char *text, size_t size);
/* Reads tokenizer.model (of SentencePiece, or such lines) or tokenizer.json, whole in memory. file is for messages; later:
 * the special tokens are those of Llama 3.1 and after. */
enum error_code vocab_read_sentencepiece(struct vocab *v, const char *file, const unsigned char *bytes, uint64_t size,
                                         struct error *err);
enum error_code vocab_read_tiktoken(struct vocab *v, const char *file, const char *text, size_t size, bool later,
                                    struct error *err);
enum error_code vocab_read_json(struct vocab *v, const char *file, const char *text, size_t size, struct error *err);
/* The same for WordPiece: vocab.txt, a word a line, or tokenizer.json. */
enum error_code vocab_read_words(struct vocab *v, const char *file, const char *text, size_t size, struct error *err);
enum error_code vocab_read_wordpiece(struct vocab *v, const char *file, const char *text, size_t size,
                                     struct error *err);

#endif
