/* The fixtures' vocabularies; SOURCE_FOLDER is set by the build. */
#include "config.h"

#include "tests/fuzz/vocabularies.h"

#include <stdio.h>
#include <stdlib.h>

const struct tokenizer *vocabulary(int which)
{
    static const char *const paths[VOCABULARIES] = {SOURCE_FOLDER "/tests/fixtures/llama2-vocab.gguf",
                                                    SOURCE_FOLDER "/tests/fixtures/tiny-llama3.gguf"};
    static struct model *models[VOCABULARIES]; /* kept for all inputs */
    struct model_options options = {.vocab_only = true};
    struct error err = {0};
    if (models[which] == NULL)
        models[which] = model_open(paths[which], &options, &err);
    if (models[which] == NULL) {
        fprintf(stderr, "%s: %s\n", paths[which], err.message);
        exit(1);
    }
    return model_tokenizer(models[which]);
}
