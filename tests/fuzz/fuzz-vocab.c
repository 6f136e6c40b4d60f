/* Fuzz target: any bytes as tokenizer.model, as tokenizer.json, and as an expression that cuts texts. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file/vocab.h"
#include "engine/text/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_vocabulary(const uint8_t *data, size_t size, bool json)
{
    struct vocab v;
    struct error err = {0};
    struct metadata m;
    struct buf out;
    vocab_init(&v);
    metadata_init(&m);
    buf_init(&out, 1 << 28);
    const enum error_code code = json ? vocab_read_json(&v, "fuzz", (const char *)data, size, &err)
                                      : vocab_read_sentencepiece(&v, "fuzz", data, size, &err);
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
    read_vocabulary(data, size, false);
    read_vocabulary(data, size, true);
    run_pattern(data, size);
    return 0;
}
