/* Architectures: for each family of models one row that says how its files name things and which graph computes it.
 *
 * A new architecture is a file with its row, an entry in architecture.c's table and, where it computes differently,
 * a graph in engine/run. */
#ifndef PALAVER_ENGINE_MODEL_ARCHITECTURE_H
#define PALAVER_ENGINE_MODEL_ARCHITECTURE_H

#include <stdbool.h>
#include <stddef.h>

/* Sizes by which shapes are told; see struct model_info. */
enum dimension {
    DIM_ONE,
    DIM_WIDTH,
    DIM_QUERY,
    DIM_KEY,
    DIM_FF,
    DIM_VOCAB,
    DIM_CONTEXT,
    DIM_ANY, /* as the file has it */
};

/* A tensor by name, its place in struct model or struct model_layer, and its shape. */
struct tensor_slot {
    const char *name;
    size_t offset;
    enum dimension rows, cols; /* DIM_ONE rows: a vector */
    bool optional;
};

/* What computes it: a graph of engine/run/forward.c, or for BERT engine/run/encoder.c. */
enum graph { GRAPH_LLAMA, GRAPH_BERT };

struct architecture {
    const char *name;   /* general.architecture; the keys begin with it and a dot */
    const char *family; /* for messages: "Llama" */
    /* The metadata keys, without name and dot. NULL: the architecture has none such. */
    struct {
        const char *layers, *width, *ff_width, *context, *heads, *kv_heads, *key_width, *value_width, *epsilon;
        const char *rope_base, *rope_elements, *rope_type, *rope_factor, *rope_factor_old;
        const char *rope_trained, *rope_attention, *rope_beta_fast, *rope_beta_slow;
        const char *experts, *attention_scale; /* whose presence changes the model into one that no graph computes */
    } keys;
    const struct tensor_slot *whole; /* (n_whole): of the model */
    size_t n_whole;
    const struct tensor_slot *layer; /* (n_layer): of layer i, after "blk.i." */
    size_t n_layer;
    const char *const *ignored; /* ends of tensor names that may be there and are not computed with; ends with NULL */
    enum graph graph;
};

/* NULL when there is no architecture of that name. */
const struct architecture *architecture_find(const char *name);
/* Whether a tensor of this name may be there and is not computed with. */
bool architecture_ignores(const struct architecture *a, const char *tensor);
/* Number i, NULL past the end. */
const struct architecture *architecture_at(size_t i);

extern const struct architecture architecture_llama, architecture_bert;

#endif
