/* One Llama model: its sizes and its tensors, all present and of the right shapes. Internal to the engine. */
#ifndef PALAVER_ENGINE_MODEL_H
#define PALAVER_ENGINE_MODEL_H

#include "engine/engine.h"
#include "engine/source.h"
#include "engine/tensor.h"

/* Biases have data == NULL when the model has none. Shapes are (rows, cols): y[rows] = W x[cols]. */
struct model_layer {
    struct tensor attn_norm;                    /* (1, width) F32 */
    struct tensor wq, wk, wv;                   /* (heads*head_width, width), (kv_heads*head_width, width) twice */
    struct tensor bq, bk, bv, bo;               /* (1, rows of the weight) F32 */
    struct tensor wo;                           /* (width, heads*head_width) */
    struct tensor ffn_norm;                     /* (1, width) F32 */
    struct tensor gate, up, down;               /* (ff_width, width) twice, (width, ff_width) */
    struct tensor b_gate, b_up, b_down;
};

struct model {
    struct source *source;
    struct tokenizer *tokenizer;
    struct model_info info;
    struct tensor embedding;                    /* (vocab, width) */
    struct tensor output_norm;                  /* (1, width) F32 */
    struct tensor output;                       /* (vocab, width); the embedding itself when tied */
    struct model_layer *layers;                 /* (info.layers) */
    /* RoPE in GGUF's order: within a head, elements 2i and 2i+1 turn by position * rope_frequency[i]. The frequencies
     * hold base, linear scaling and Llama-3 scaling already; i < rope_pairs. */
    float *rope_frequency;
    int32_t rope_pairs;
    char *strings;                              /* backs info's strings */
};

/* tokenizer.c: builds the tokenizer from tokenizer.ggml.* keys. */
struct tokenizer *tokenizer_open(const struct source *source, struct error *err);
void tokenizer_free(struct tokenizer *t);

#endif
