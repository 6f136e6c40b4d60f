/* Gathering a vocabulary, and writing it under GGUF's keys. */
#include "engine/file/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/sentencepiece.h"

#define TEXTS_MOST ((size_t)1 << 28)

void vocab_init(struct vocab *v)
{
    *v = (struct vocab){.bos = -1, .eos = -1, .unknown = -1};
    buf_init(&v->texts, TEXTS_MOST);
    metadata_init(&v->expressions);
    metadata_init(&v->merges);
}

void vocab_free(struct vocab *v)
{
    buf_free(&v->texts);
    metadata_free(&v->expressions);
    metadata_free(&v->merges);
    free(v->at);
    v->at = NULL;
    v->n = v->capacity = 0;
}

static bool make_room(struct vocab *v, size_t n)
{
    size_t capacity = v->capacity > 0 ? v->capacity : 1024;
    while (capacity < n)
        capacity *= 2;
    if (capacity == v->capacity)
        return true;
    struct vocab_token *at = realloc(v->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    v->at = at;
    v->capacity = capacity;
    return true;
}

bool vocab_set(struct vocab *v, uint64_t id, const char *text, size_t size, float score, enum vocab_type type)
{
    if (id >= VOCAB_MOST || !make_room(v, (size_t)id + 1))
        return false;
    for (; v->n <= id; v->n++)
        v->at[v->n] = (struct vocab_token){.type = VOCAB_UNUSED};
    v->at[id] = (struct vocab_token){v->texts.size, size, score, (uint8_t)type};
    return buf_append(&v->texts, text, size);
}

uint32_t vocab_byte_letter(int byte)
{
    if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)
        return (uint32_t)byte;
    return 256 + (uint32_t)(byte <= 32 ? byte : byte <= 160 ? byte - 127 + 33 : 67);
}

static const char *token_text(const struct vocab *v, const struct vocab_token *t)
{
    return t->size > 0 ? v->texts.data + t->start : "";
}

int32_t vocab_find(const struct vocab *v, const char *text, size_t size)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->at[i].size == size && size > 0 && memcmp(token_text(v, &v->at[i]), text, size) == 0)
            return (int32_t)i;
    return -1;
}

bool vocab_pad(struct vocab *v, size_t n)
{
    char name[32];
    for (size_t id = 0; id < n; id++) {
        if (id < v->n && v->at[id].size > 0)
            continue;
        const int size = snprintf(name, sizeof name, "[PAD%zu]", id);
        if (!vocab_set(v, id, name, (size_t)size, -1000, VOCAB_UNUSED))
            return false;
    }
    return true;
}

static void write_tokens(const struct vocab *v, struct metadata *m)
{
    metadata_begin_texts(m, "tokenizer.ggml.tokens");
    for (size_t i = 0; i < v->n; i++)
        metadata_add_text(m, token_text(v, &v->at[i]), v->at[i].size);
    metadata_end(m);
    metadata_begin_ints(m, "tokenizer.ggml.token_type");
    for (size_t i = 0; i < v->n; i++)
        metadata_add_int(m, v->at[i].type);
    metadata_end(m);
    if (v->bytelevel) {
        metadata_join(m, &v->merges);
        return;
    }
    if (v->wordpiece)
        return;
    metadata_begin_floats(m, "tokenizer.ggml.scores");
    for (size_t i = 0; i < v->n; i++)
        metadata_add_float(m, v->at[i].score);
    metadata_end(m);
}

static void write_id(struct metadata *m, const char *key, int32_t id)
{
    if (id >= 0)
        metadata_uint(m, key, (uint32_t)id);
}

void vocab_write(const struct vocab *v, struct metadata *m)
{
    const char *kind = v->wordpiece ? "bert" : v->bytelevel ? "gpt2" : "llama";
    metadata_text(m, "tokenizer.ggml.model", kind, strlen(kind));
    if (v->bytelevel && v->pre != NULL) {
        metadata_text(m, "tokenizer.ggml.pre", v->pre, strlen(v->pre));
    } else if (v->bytelevel) {
        metadata_join(m, &v->expressions);
        metadata_bool(m, "palaver.tokenizer.whole_words", v->whole_words);
    }
    write_tokens(v, m);
    write_id(m, "tokenizer.ggml.bos_token_id", v->bos);
    write_id(m, "tokenizer.ggml.eos_token_id", v->eos);
    write_id(m, "tokenizer.ggml.unknown_token_id", v->unknown);
    if (v->wordpiece) {
        metadata_bool(m, "palaver.tokenizer.lower_case", v->lower_case);
        metadata_bool(m, "palaver.tokenizer.strip_accents", v->strip_accents);
        metadata_bool(m, "palaver.tokenizer.split_ideographs", v->split_ideographs);
        return;
    }
    metadata_bool(m, "tokenizer.ggml.add_bos_token", v->adds_bos);
    if (!v->bytelevel)
        metadata_bool(m, "tokenizer.ggml.add_space_prefix", v->space_prefix);
}

enum error_code vocab_read_sentencepiece(struct vocab *v, const char *file, const unsigned char *bytes, uint64_t size,
                                         struct error *err)
{
    struct sentencepieces all;
    enum error_code code = sentencepiece_read(&all, file, bytes, size, err);
    for (size_t i = 0; i < all.n && code == ERR_NONE; i++)
        if (!vocab_set(v, i, all.at[i].text, all.at[i].size, all.at[i].score, (enum vocab_type)all.at[i].type))
            code = error_memory(err);
    v->bos = all.bos;
    v->eos = all.eos;
    v->unknown = all.unknown;
    v->adds_bos = v->bos >= 0;
    v->space_prefix = all.dummy_prefix;
    sentencepiece_free(&all);
    return code;
}
