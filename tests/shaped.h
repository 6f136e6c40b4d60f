/* Models of any shape, made for a test or a bench: as GGUF, as Hugging Face publishes them in shards of safetensors, and
 * as Meta does in model-parallel files of torch.save. All forms hold the same values, which BF16 and F16 can hold.
 *
 * Without values the files are sparse: as long as the shape asks for, of zeros that take no place on disk. */
#ifndef PALAVER_TESTS_SHAPED_H
#define PALAVER_TESTS_SHAPED_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/tensor.h"

struct shape {
    uint64_t layers, width, heads, kv_heads, ff_width, vocab;
    unsigned parts;              /* files of the Hugging Face and Meta forms */
    bool sparse;                 /* no values */
    enum tensor_type type;       /* of the matrices: TENSOR_BF16, but GGUF without values has any */
    const char *config, *params; /* more members of config.json and params.json, each beginning with a comma; "" */
};

enum shaped_form { SHAPED_GGUF, SHAPED_HF, SHAPED_META };

/* Writes the model into an existing folder, as model.gguf or as the files that make up the folder; the vocabulary is that
 * of tests/fixtures/folder-meta, filled up to the shape's. Ends the program when it cannot. */
void shaped_write(const struct shape *s, enum shaped_form form, const char *folder);

#endif
