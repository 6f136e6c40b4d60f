/* Recipes: which type each tensor of a model gets when the model is to be of a type.
 *
 * Types of models and their mixtures are llama.cpp's (src/llama-quant.cpp there), tensor by tensor, so that files of one
 * name hold the same everywhere: "Q4_K_M" is mostly Q4_K, with Q6_K where it pays. Vectors stay float32, and rows that
 * a type's blocks do not divide get a type whose blocks do. */
#ifndef PALAVER_ENGINE_CONVERT_RECIPE_H
#define PALAVER_ENGINE_CONVERT_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"

/* A type of models. */
struct recipe_type {
    const char *name;      /* "Q4_K_M" */
    uint32_t number;       /* general.file_type */
    enum tensor_type base; /* of most of its tensors */
};
/* Type number i; NULL past the last. */
const struct recipe_type *recipe_type_at(size_t i);

/* What a recipe looks at. */
struct recipe_model {
    int32_t layers, heads, kv_heads;
    bool tied; /* the embedding serves as the output too */
};

struct recipe_options {
    const char *type;           /* in any case; NULL: every matrix keeps its own */
    const char *output_type;    /* of output.weight; NULL: the recipe's choice */
    const char *embedding_type; /* of token_embd.weight; likewise */
    const char *tensor_types;   /* lines REGEX=TYPE, the first that matches a matrix's name wins; NULL: none */
    bool pure;                  /* no mixture: the base type throughout */
    bool imatrix;               /* there is an importance matrix */
};

struct recipe;

/* ERR_ARGUMENT for a type or an expression that is none; the message lists the types. */
struct recipe *recipe_new(const struct recipe_options *o, const struct recipe_model *m, struct error *err);
void recipe_free(struct recipe *r);
const struct recipe_type *recipe_type(const struct recipe *r); /* NULL: tensors keep their own */
/* The type for a tensor of GGUF's name. */
enum tensor_type recipe_choose(const struct recipe *r, const char *name, const struct tensor *t);

#endif
