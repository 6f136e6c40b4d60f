/* Weights: the tensors of one file of a published checkpoint, under the names that the file gives them.
 *
 * safetensors.c and torch.c fill it. Every tensor lies whole inside of the file's bytes, row by row without gaps, or in
 * memory of the weights' own where the file has it in another order. Expect some hundred tensors a file. */
#ifndef PALAVER_ENGINE_FILE_WEIGHTS_H
#define PALAVER_ENGINE_FILE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"

enum { WEIGHT_DIMS = 4, WEIGHT_NAME_LONGEST = 255 };

struct weight {
    char *name;            /* as the file spells it, e.g. "model.embed_tokens.weight" */
    enum tensor_type type; /* TENSOR_F32, TENSOR_F16 or TENSOR_BF16 */
    int32_t n_dims;
    uint64_t dims[WEIGHT_DIMS]; /* slowest first; each above 0 */
    const unsigned char *data;  /* of the file's bytes, or owned */
    unsigned char *owned;       /* NULL: data lies in the file */
};

struct weights {
    struct weight *at; /* in the file's order */
    size_t n, capacity;
    /* Whether a model computes with a tensor of this name, which must have floating-point numbers then; NULL: unknown. */
    bool (*needs)(const char *name);
};

/* Elements and bytes of a weight. */
uint64_t weight_elements(const struct weight *w);
uint64_t weight_bytes(const struct weight *w);

/* Appends a copy of w with a copy of its name, and takes w->owned over, whatever it returns. ERR_FORMAT for a name that is
 * there already or too long. file is for messages. */
enum error_code weights_add(struct weights *all, const char *file, const struct weight *w, struct error *err);
void weights_free(struct weights *all);

/* What needs says of a tensor; false where it is unknown. */
bool weights_need(const struct weights *all, const char *name);
/* Adds the floating-point tensors of a file of this form; those of whole numbers are left out if none needs them. bytes[0..size) must
 * outlive the weights. file is for messages. ERR_FORMAT or ERR_UNSUPPORTED, and what was added stays. */
enum error_code safetensors_read(struct weights *all, const char *file, const unsigned char *bytes, uint64_t size,
                                 struct error *err);
enum error_code torch_read(struct weights *all, const char *file, const unsigned char *bytes, uint64_t size,
                           struct error *err);

#endif
