/* Fuzz target: any bytes as what describes the weights in a folder of Hugging Face or Meta. The input is the texts of the
 * files, with a form feed between; the weights and the vocabulary are those of a small model. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/fuzz/scratch.h"
#include "tests/shaped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
    "config.json",
    "params.json",
    "tokenizer_config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "added_tokens.json",
    "chat_template.jinja",
};

static void make_model(void)
{
    static const struct shape shape = {.layers = 2,
                                       .width = 8,
                                       .heads = 2,
                                       .kv_heads = 1,
                                       .ff_width = 12,
                                       .vocab = 384,
                                       .parts = 1,
                                       .type = TENSOR_BF16};
    static bool made;
    if (made)
        return;
    made = true;
    shaped_write(&shape, SHAPED_HF, scratch_folder());
    shaped_write(&shape, SHAPED_META, scratch_folder());
}

/* Opens the folder by one of its files, so that the kind is clear. */
static void open_by(const char *file)
{
    char path[128];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", scratch_folder(), file);
    for (int vocab_only = 0; vocab_only < 2; vocab_only++) {
        struct model *m = model_open(path, &(struct model_options){.vocab_only = vocab_only == 1}, &err);
        if (m == NULL && err.message[0] == '\0')
            abort();
        model_free(m);
        err = (struct error){0};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_model();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const uint8_t *end = size > 0 ? memchr(data, '\f', size) : NULL;
        const size_t n = end != NULL ? (size_t)(end - data) : size;
        scratch_file(files[i], data, n);
        data += end != NULL ? n + 1 : n;
        size -= end != NULL ? n + 1 : n;
    }
    open_by("model-00001-of-00001.safetensors");
    open_by("consolidated.00.pth");
    return 0;
}
