/* Fuzz target: any bytes as a tokenizer.model of either kind, as tokenizer.json, as the two of WordPiece, and as an expression that cuts texts. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file/vocab.h"
#include "engine/text/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { SENTENCEPIECE, TIKTOKEN, JSON, WORDS, WORDPIECE };

static enum error_code read_as(struct vocab *v, enum kind kind, const uint8_t *data, size_t size, struct error *err)
{
    const char *text = (const char *)data;
    return kind == WORDS       ? vocab_read_words(v, "fuzz", text, size, err)
           : kind == WORDPIECE ? vocab_read_wordpiece(v, "fuzz", text, size, err)
           : kind == JSON      ? vocab_read_json(v, "fuzz", text, size, err)
           : kind == TIKTOKEN  ? vocab_read_tiktoken(v, "fuzz", text, size, size % 2 == 0, err)
                               : vocab_read_sentencepiece(v, "fuzz", data, size, err);
}

static void read_vocabulary(const uint8_t *data, size_t size, enum kind kind)
{
    struct vocab v;
    struct error err = {0};
    struct metadata m;
    struct buf out;
    vocab_init(&v);
    metadata_init(&m);
    buf_init(&out, 1 << 28);
    const enum error_code code = read_as(&v, kind, data, size, &err);
    vocab_is_tiktoken((const char *)data, size);
    if (code != ERR_NONE && code != ERR_MEMORY && strncmp(err.message, "fuzz:", 5) != 0)
        abort();
    if (code == ERR_NONE) {
        vocab_write(&v, &m);
        metadata_write(&m, 0, &out);
    }
    buf_free(&out);
    metadata_free(&m);
    vocab_free(&v);
}

static void run_pattern(const uint8_t *data, size_t size)
{
    static const char text[] = " Don't 123\n\n  caf\xc3\xa9 \xe4\xb8\xad\xff aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    size_t at = 0, start, end;
    struct pattern *p = pattern_new((const char *)data, size, NULL);
    while (p != NULL && at < sizeof text - 1 && pattern_find(p, text, sizeof text - 1, at, &start, &end)) {
        if (start < at || end <= start || end > sizeof text - 1)
            abort();
        at = end;
    }
    pattern_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_vocabulary(data, size, SENTENCEPIECE);
    read_vocabulary(data, size, TIKTOKEN);
    read_vocabulary(data, size, JSON);
    read_vocabulary(data, size, WORDS);
    read_vocabulary(data, size, WORDPIECE);
    run_pattern(data, size);
    return 0;
}
