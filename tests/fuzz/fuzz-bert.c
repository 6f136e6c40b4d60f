/* Fuzz target: any bytes as a folder of BERT. The input is the texts of config.json, tokenizer_config.json and the
 * vocabulary (vocab.txt, or tokenizer.json when it begins with a brace), with a form feed after each; what is left are the
 * weights. A model that opens must encode a text, or say why not. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "The cat's caf\xC3\xA9, \xE6\x97\xA5\xE6\x9C\xAC! [MASK] unaffable";

static void encode_text(const struct model *m)
{
    struct error err = {0};
    struct ids ids = {0};
    struct encoder *e = encoder_open(m, &(struct encoder_options){.threads = 1}, &err);
    float *vector = e != NULL ? malloc((size_t)encoder_width(e) * sizeof *vector) : NULL;
    if (e != NULL && encoder_tokens(e, text, sizeof text - 1, 0, &ids, NULL, &err) == ERR_NONE && vector != NULL)
        encoder_encode(e, &ids, 1, encoder_pooling(e), vector, NULL, NULL, &err);
    if (e == NULL && err.message[0] == '\0')
        abort();
    free(vector);
    ids_free(&ids);
    encoder_free(e);
}

/* Writes what stands before the next form feed; returns the bytes used. */
static size_t write_part(const char *name, const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\f', size) : NULL;
    const size_t n = end != NULL ? (size_t)(end - data) : size;
    scratch_file(name, data, n);
    return end != NULL ? n + 1 : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    size_t at = write_part("config.json", data, size);
    at += write_part("tokenizer_config.json", data + at, size - at);
    unlink(scratch_file("tokenizer.json", data, 0));
    at += write_part(at < size && data[at] == '{' ? "tokenizer.json" : "vocab.txt", data + at, size - at);
    scratch_file("model.safetensors", data + at, size - at);
    struct model *m = model_open(scratch_folder(), NULL, &err);
    if (m == NULL && err.message[0] == '\0')
        abort();
    if (m != NULL && model_info(m)->encoder)
        encode_text(m);
    model_free(m);
    return 0;
}
