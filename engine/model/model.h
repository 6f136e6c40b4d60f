/* One model: its sizes and its tensors, all present and of the right shapes. Internal to the engine. */
#ifndef PALAVER_ENGINE_MODEL_MODEL_H
#define PALAVER_ENGINE_MODEL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/rope-scaling.h"

/* Biases have data == NULL when the model has none. Shapes are (rows, cols): y[rows] = W x[cols]. */
struct model_layer {
    struct tensor attn_norm;      /* (1, width) F32, aligned as float; so are all norms and biases */
    struct tensor wq, wk, wv;     /* (heads*head_width, width), (kv_heads*head_width, width) twice */
    struct tensor bq, bk, bv, bo; /* (1, rows of the weight) F32 */
    struct tensor wo;             /* (width, heads*head_width) */
    struct tensor ffn_norm;       /* (1, width) F32 */
    struct tensor gate, up, down; /* (ff_width, width) twice, (width, ff_width) */
    struct tensor b_gate, b_up, b_down;
    struct tensor attn_norm_bias, ffn_norm_bias; /* BERT, whose norms come after */
};

/* One row of the table of types. */
struct model_type {
    const char *name;
    enum tensor_type type;
    int tensors;
    uint64_t bytes;
};

#define MODEL_TEXTS 6

struct model {
    struct source *source;
    const struct architecture *architecture; /* NULL when only the vocabulary is open */
    struct tokenizer *tokenizer;
    struct model_info info;
    uint64_t file_fingerprint;                 /* info.fingerprint, but for weights that were loaded in fewer bits */
    struct tensor embedding;                   /* (vocab, width) */
    struct tensor output_norm;                 /* (1, width) F32 */
    struct tensor positions, token_types;      /* BERT: (context, width), (some, width) */
    struct tensor first_norm, first_norm_bias; /* BERT: of the embeddings, (1, width) F32 */
    struct tensor output;                      /* (vocab, width); the embedding itself when tied */
    struct model_layer *layers;                /* (info.layers) */
    /* RoPE: within a head, pair i turns by position * rope_frequency[i]; which elements a pair has, the order of the
     * query's and the key's rows says (enum row_order). The frequencies hold base, scaling and Llama 3's factors
     * already, but for dynamic scaling, which rope describes; i < rope_pairs. Cosines and sines are multiplied by
     * rope_attention. */
    struct rope_scaling rope;
    float *rope_frequency;
    float rope_attention;
    int32_t rope_pairs;
    struct model_type *types; /* (n_types), most bytes first */
    int n_types;
    char *texts[MODEL_TEXTS]; /* back info's strings */
    float **vectors;          /* norms and biases that are no aligned float32 in the file, unpacked */
    size_t n_vectors;
    void *own_weights; /* a mapping of its own with weights that were loaded in fewer bits; NULL */
    size_t own_bytes;
};

/* Builds a model on a source, which it owns from then on (and frees on failure). path is for messages. */
struct model *model_from_source(struct source *source, const char *path, const struct model_options *options,
                                struct error *err);

/* The steps of model_open, one file each. They name the file in their errors. */
enum error_code model_read_sizes(struct model *m, struct error *err);   /* keys into info */
enum error_code model_read_rope(struct model *m, struct error *err);    /* keys and rope_freqs into the frequencies */
enum error_code model_read_tensors(struct model *m, struct error *err); /* all tensors, shapes held against info */
/* What an open model is known by. */
uint64_t model_make_fingerprint(const struct model *m);
/* For weights that were loaded in fewer bits. model_own_weights takes a private mapping over, which is unmapped with the
 * model. model_reread_weights reads the tensors anew after the source got those that lie in it. */
struct model_loaded {
    enum model_load load;
    uint64_t file_bytes, bytes; /* of the weights that changed: in the file, in memory */
    uint64_t fingerprint;
};
void model_own_weights(struct model *m, void *mapping, size_t size);
enum error_code model_reread_weights(struct model *m, const struct model_loaded *loaded, struct error *err);
/* The metadata key that the model's architecture has under this name, one of architecture->keys. */
struct model_key {
    char text[96];
};
struct model_key model_key(const struct model *m, const char *name);
/* The part of a path that messages name the model by. */
const char *model_label(const struct model *m);

#endif
