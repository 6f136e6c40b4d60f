/* Llama: the keys and tensors of GGUF files of this architecture (Llama 1 to 3, SmolLM2, Mistral and the like). */
#include <config.h>

#include <stddef.h>

#include "engine/model/architecture.h"
#include "engine/model/model.h"

static const struct tensor_slot whole[] = {
    {"token_embd.weight", offsetof(struct model, embedding), DIM_VOCAB, DIM_WIDTH, false},
    {"output_norm.weight", offsetof(struct model, output_norm), DIM_ONE, DIM_WIDTH, false},
    {"output.weight", offsetof(struct model, output), DIM_VOCAB, DIM_WIDTH, true},
};

static const struct tensor_slot layer[] = {
    {"attn_norm.weight", offsetof(struct model_layer, attn_norm), DIM_ONE, DIM_WIDTH, false},
    {"attn_q.weight", offsetof(struct model_layer, wq), DIM_QUERY, DIM_WIDTH, false},
    {"attn_k.weight", offsetof(struct model_layer, wk), DIM_KEY, DIM_WIDTH, false},
    {"attn_v.weight", offsetof(struct model_layer, wv), DIM_KEY, DIM_WIDTH, false},
    {"attn_output.weight", offsetof(struct model_layer, wo), DIM_WIDTH, DIM_QUERY, false},
    {"attn_q.bias", offsetof(struct model_layer, bq), DIM_ONE, DIM_QUERY, true},
    {"attn_k.bias", offsetof(struct model_layer, bk), DIM_ONE, DIM_KEY, true},
    {"attn_v.bias", offsetof(struct model_layer, bv), DIM_ONE, DIM_KEY, true},
    {"attn_output.bias", offsetof(struct model_layer, bo), DIM_ONE, DIM_WIDTH, true},
    {"ffn_norm.weight", offsetof(struct model_layer, ffn_norm), DIM_ONE, DIM_WIDTH, false},
    {"ffn_gate.weight", offsetof(struct model_layer, gate), DIM_FF, DIM_WIDTH, false},
    {"ffn_up.weight", offsetof(struct model_layer, up), DIM_FF, DIM_WIDTH, false},
    {"ffn_down.weight", offsetof(struct model_layer, down), DIM_WIDTH, DIM_FF, false},
    {"ffn_gate.bias", offsetof(struct model_layer, b_gate), DIM_ONE, DIM_FF, true},
    {"ffn_up.bias", offsetof(struct model_layer, b_up), DIM_ONE, DIM_FF, true},
    {"ffn_down.bias", offsetof(struct model_layer, b_down), DIM_ONE, DIM_WIDTH, true},
};

/* What RoPE uses elsewhere, and what old converters left. */
static const char *const ignored[] = {"rope_freqs.weight", "rot_embd.inv_freq", NULL};

const struct architecture architecture_llama = {
    .name = "llama",
    .family = "Llama",
    .keys =
        {
            .layers = "block_count",
            .width = "embedding_length",
            .ff_width = "feed_forward_length",
            .context = "context_length",
            .heads = "attention.head_count",
            .kv_heads = "attention.head_count_kv",
            .key_width = "attention.key_length",
            .value_width = "attention.value_length",
            .epsilon = "attention.layer_norm_rms_epsilon",
            .rope_base = "rope.freq_base",
            .rope_elements = "rope.dimension_count",
            .rope_type = "rope.scaling.type",
            .rope_factor = "rope.scaling.factor",
            .rope_factor_old = "rope.scale_linear",
            .rope_trained = "rope.scaling.original_context_length",
            .rope_attention = "rope.scaling.attn_factor",
            .rope_beta_fast = "rope.scaling.yarn_beta_fast",
            .rope_beta_slow = "rope.scaling.yarn_beta_slow",
            .experts = "expert_count",
            .attention_scale = "attention.scale",
        },
    .whole = whole,
    .n_whole = sizeof whole / sizeof *whole,
    .layer = layer,
    .n_layer = sizeof layer / sizeof *layer,
    .ignored = ignored,
    .graph = GRAPH_LLAMA,
};
