/* BERT: the keys and tensors of GGUF files of this architecture. Its norms stand after attention and feed-forward, each
 * with a bias, and positions are a table. */
#include <config.h>

#include <stddef.h>

#include "engine/model/architecture.h"
#include "engine/model/model.h"

static const struct tensor_slot whole[] = {
    {"token_embd.weight", offsetof(struct model, embedding), DIM_VOCAB, DIM_WIDTH, false},
    {"position_embd.weight", offsetof(struct model, positions), DIM_CONTEXT, DIM_WIDTH, false},
    {"token_types.weight", offsetof(struct model, token_types), DIM_ANY, DIM_WIDTH, false},
    {"token_embd_norm.weight", offsetof(struct model, first_norm), DIM_ONE, DIM_WIDTH, false},
    {"token_embd_norm.bias", offsetof(struct model, first_norm_bias), DIM_ONE, DIM_WIDTH, false},
};

static const struct tensor_slot layer[] = {
    {"attn_q.weight", offsetof(struct model_layer, wq), DIM_QUERY, DIM_WIDTH, false},
    {"attn_k.weight", offsetof(struct model_layer, wk), DIM_KEY, DIM_WIDTH, false},
    {"attn_v.weight", offsetof(struct model_layer, wv), DIM_KEY, DIM_WIDTH, false},
    {"attn_output.weight", offsetof(struct model_layer, wo), DIM_WIDTH, DIM_QUERY, false},
    {"attn_q.bias", offsetof(struct model_layer, bq), DIM_ONE, DIM_QUERY, false},
    {"attn_k.bias", offsetof(struct model_layer, bk), DIM_ONE, DIM_KEY, false},
    {"attn_v.bias", offsetof(struct model_layer, bv), DIM_ONE, DIM_KEY, false},
    {"attn_output.bias", offsetof(struct model_layer, bo), DIM_ONE, DIM_WIDTH, false},
    {"attn_output_norm.weight", offsetof(struct model_layer, attn_norm), DIM_ONE, DIM_WIDTH, false},
    {"attn_output_norm.bias", offsetof(struct model_layer, attn_norm_bias), DIM_ONE, DIM_WIDTH, false},
    {"ffn_up.weight", offsetof(struct model_layer, up), DIM_FF, DIM_WIDTH, false},
    {"ffn_down.weight", offsetof(struct model_layer, down), DIM_WIDTH, DIM_FF, false},
    {"ffn_up.bias", offsetof(struct model_layer, b_up), DIM_ONE, DIM_FF, false},
    {"ffn_down.bias", offsetof(struct model_layer, b_down), DIM_ONE, DIM_WIDTH, false},
    {"layer_output_norm.weight", offsetof(struct model_layer, ffn_norm), DIM_ONE, DIM_WIDTH, false},
    {"layer_output_norm.bias", offsetof(struct model_layer, ffn_norm_bias), DIM_ONE, DIM_WIDTH, false},
};

/* Heads of models that were trained to judge. */
static const char *const ignored[] = {"cls.weight", "cls.bias", "cls.output.weight", "cls.output.bias", NULL};

const struct architecture architecture_bert = {
    .name = "bert",
    .family = "BERT",
    .keys =
        {
            .layers = "block_count",
            .width = "embedding_length",
            .ff_width = "feed_forward_length",
            .context = "context_length",
            .heads = "attention.head_count",
            .epsilon = "attention.layer_norm_epsilon",
        },
    .whole = whole,
    .n_whole = sizeof whole / sizeof *whole,
    .layer = layer,
    .n_layer = sizeof layer / sizeof *layer,
    .ignored = ignored,
    .graph = GRAPH_BERT,
};
