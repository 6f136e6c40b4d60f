/* SentencePiece models: tokenizer.model, a protocol buffer (sentencepiece_model.proto). */
#ifndef PALAVER_ENGINE_FILE_SENTENCEPIECE_H
#define PALAVER_ENGINE_FILE_SENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One piece of the vocabulary. */
struct sentencepiece {
    const char *text; /* size bytes of the file */
    size_t size;
    float score;
    int32_t type; /* as GGUF's tokenizer.ggml.token_type: 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte */
};

struct sentencepieces {
    struct sentencepiece *at;
    size_t n, capacity;
    int32_t unknown, bos, eos; /* -1: none */
    bool dummy_prefix;         /* a text is encoded as if a space stood in front */
};

/* Reads a BPE model. The pieces point into bytes. ERR_FORMAT for what is no such model or is damaged, ERR_UNSUPPORTED for a
 * unigram model; file is for messages. */
enum error_code sentencepiece_read(struct sentencepieces *all, const char *file, const unsigned char *bytes,
                                   uint64_t size, struct error *err);
void sentencepiece_free(struct sentencepieces *all);

#endif
