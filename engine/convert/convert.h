/* Conversions: what engine.h tells of them is implemented here.
 *
 *   convert     the plan: order, types, metadata
 *   pipeline    its work, on all cores
 *   recipe      which type each tensor gets
 *   rows        rows of a source in GGUF's order
 *   importance  measuring importance matrices and writing them
 *   imatrix     reading importance matrices */
#ifndef PALAVER_ENGINE_CONVERT_CONVERT_H
#define PALAVER_ENGINE_CONVERT_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "engine/convert/imatrix.h"
#include "engine/engine.h"
#include "engine/file/gguf-writer.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"

/* A tensor on its way. */
struct task {
    const char *name; /* the source's */
    struct tensor from;
    enum tensor_type to;
    const float *importance; /* (cols), the matrix's; NULL: none */
};

struct conversion {
    const struct model *model;
    struct imatrix *imatrix; /* NULL: none */
    struct task *tasks;      /* (n), in the order of the file */
    size_t n;
    struct gguf_writer *writer;
};

#endif
