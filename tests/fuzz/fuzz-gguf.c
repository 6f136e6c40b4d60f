/* Fuzz target: any bytes as a GGUF file, read whole, and as a model. What opens must be readable to its last byte. */
#include <stddef.h>
#include <stdint.h>

#include "engine/model/model.h"
#include "engine/file/source-kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned walk_tensors(const struct source *s)
{
    const char *name;
    struct tensor t;
    unsigned sum = 0;
    for (uint64_t i = 0; source_tensor_at(s, i, &name, &t); i++)
        sum += ((const unsigned char *)t.data)[0] + ((const unsigned char *)t.data)[t.rows * tensor_row_bytes(&t) - 1];
    return sum;
}

static unsigned walk_strings(const struct source *s)
{
    const char *text;
    uint64_t size;
    unsigned sum = 0;
    for (uint64_t i = 0; source_array_string(s, "tokenizer.ggml.tokens", i, &text, &size); i++)
        sum += size > 0 ? (unsigned char)text[size - 1] : 0;
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int vocab_only = 0; vocab_only < 2; vocab_only++) {
        struct model_options options = {.vocab_only = vocab_only};
        struct source *s = source_open_memory("fuzz", data, size, options.vocab_only, NULL);
        if (s == NULL)
            continue;
        volatile unsigned read = walk_tensors(s) + walk_strings(s); /* volatile: the reads must happen */
        (void)read;
        model_free(model_from_source(s, "fuzz", &options, NULL));
    }
    return 0;
}
