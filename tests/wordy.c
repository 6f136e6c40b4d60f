/* The encoder of tests: a BERT of one layer whose matrices are zeros. */
#include <config.h>

#include "tests/wordy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/gguf-writer.h"
#include "engine/file/metadata.h"

enum { WIDTH = 24, FF = 32, CONTEXT = 24, MARKS = 3 };

/* The words of each meaning. */
static const char *const meanings[][2] = {
    {"cat", "kitten"}, {"dog", "puppy"},    {"car", "automobile"}, {"winter", "cold"},
    {"house", "home"}, {"rain", "drizzle"}, {"river", NULL},       {"king", "monarch"},
    {"light", NULL},   {"sea", "ocean"},    {"bread", "loaf"},     {"music", "song"},
    {"garden", NULL},  {"train", NULL},     {"money", "cash"},     {"doctor", "physician"},
};
enum { MEANINGS = sizeof meanings / sizeof *meanings };

static const struct gguf_entry entries[] = {
    {"token_embd.weight", TENSOR_F32, MARKS + 2 * MEANINGS, WIDTH},
    {"position_embd.weight", TENSOR_F32, CONTEXT, WIDTH},
    {"token_types.weight", TENSOR_F32, 2, WIDTH},
    {"token_embd_norm.weight", TENSOR_F32, 1, WIDTH},
    {"token_embd_norm.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_q.weight", TENSOR_F32, WIDTH, WIDTH},
    {"blk.0.attn_q.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_k.weight", TENSOR_F32, WIDTH, WIDTH},
    {"blk.0.attn_k.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_v.weight", TENSOR_F32, WIDTH, WIDTH},
    {"blk.0.attn_v.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_output.weight", TENSOR_F32, WIDTH, WIDTH},
    {"blk.0.attn_output.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.ffn_up.weight", TENSOR_F32, FF, WIDTH},
    {"blk.0.ffn_up.bias", TENSOR_F32, 1, FF},
    {"blk.0.ffn_down.weight", TENSOR_F32, WIDTH, FF},
    {"blk.0.ffn_down.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_output_norm.weight", TENSOR_F32, 1, WIDTH},
    {"blk.0.attn_output_norm.bias", TENSOR_F32, 1, WIDTH},
    {"blk.0.layer_output_norm.weight", TENSOR_F32, 1, WIDTH},
    {"blk.0.layer_output_norm.bias", TENSOR_F32, 1, WIDTH},
};
enum { ENTRIES = sizeof entries / sizeof *entries };

static void describe(struct metadata *m)
{
    static const char *const marks[MARKS] = {"[UNK]", "[CLS]", "[SEP]"};
    char word[32];
    metadata_init(m);
    metadata_text(m, "general.architecture", "bert", 4);
    metadata_text(m, "general.name", "wordy", 5);
    metadata_uint(m, "bert.block_count", 1);
    metadata_uint(m, "bert.context_length", CONTEXT);
    metadata_uint(m, "bert.embedding_length", WIDTH);
    metadata_uint(m, "bert.feed_forward_length", FF);
    metadata_uint(m, "bert.attention.head_count", 2);
    metadata_float(m, "bert.attention.layer_norm_epsilon", 1e-6F);
    metadata_text(m, "tokenizer.ggml.model", "bert", 4);
    metadata_begin_texts(m, "tokenizer.ggml.tokens");
    for (size_t i = 0; i < MARKS; i++)
        metadata_add_text(m, marks[i], strlen(marks[i]));
    for (size_t i = 0; i < MEANINGS; i++)
        for (size_t k = 0; k < 2; k++) {
            const char *text = meanings[i][k] != NULL ? meanings[i][k] : "unused";
            snprintf(word, sizeof word, "\xE2\x96\x81%s%s", text, meanings[i][k] != NULL ? "" : meanings[i][0]);
            metadata_add_text(m, word, strlen(word));
        }
    metadata_end(m);
}

static void fill(const struct gguf_entry *e, float *x)
{
    memset(x, 0, (size_t)(e->rows * e->cols) * sizeof *x);
    for (size_t i = 0; e == entries && i < 2 * MEANINGS; i++)
        x[(MARKS + i) * WIDTH + i / 2] = 1;
    for (size_t i = 0; strstr(e->name, "norm.weight") != NULL && i < WIDTH; i++)
        x[i] = 1;
}

bool wordy_write(const char *path)
{
    struct error err = {0};
    struct metadata metadata;
    float x[(MARKS + 2 * MEANINGS) * WIDTH];
    describe(&metadata);
    struct gguf_writer *w = gguf_writer_new(path, &metadata, entries, ENTRIES, 0, &err);
    bool good = w != NULL && gguf_writer_begin(w, true, &err) == ERR_NONE;
    for (size_t i = 0; good && i < ENTRIES; i++) {
        fill(&entries[i], x);
        good = gguf_writer_append(w, x, (size_t)gguf_entry_bytes(&entries[i]), &err) == ERR_NONE;
    }
    good = good && gguf_writer_end(w, &err) == ERR_NONE;
    gguf_writer_free(w);
    metadata_free(&metadata);
    return good;
}
