/* Special tokens: those that a template may write by their spelling, and those that end an answer. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/text/tokenizer.h"

/* Tokens that end a turn in the vocabularies of models that are published; whether a vocabulary has them decides. */
static const char *const ends[] = {
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|end_of_turn|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|return|>",
    "<|call|>",
    "<|eot|>",
    "<|eom|>",
    "<|assistant_end|>",
    "<end_of_utterance>",
    "<turn|>",
    "<EOT>",
    "[EOT]",
};

/* White space that SentencePiece has as user-defined tokens is split off as part of any text. */
static bool is_special(const struct tokenizer *t, int32_t id)
{
    if (t->types[id] == TOKEN_CONTROL || id == t->bos || id == t->eos)
        return true;
    return t->types[id] == TOKEN_USER_DEFINED && !(t->kind->scored && token_is_space(t, id));
}

int32_t token_special_at(const struct tokenizer *t, const char *text, size_t size, size_t *used)
{
    if (size == 0 || !t->special_starts[(unsigned char)*text])
        return -1;
    for (size_t n = size < t->longest_special ? size : t->longest_special; n > 0; n--) {
        int32_t id = token_lookup(t, text, n);
        if (id >= 0 && is_special(t, id)) {
            *used = n;
            return id;
        }
    }
    return -1;
}

void special_add_end(struct tokenizer *t, int32_t id)
{
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id)
            return;
    if (id >= 0 && t->n_ends < TOKENIZER_ENDS)
        t->ends[t->n_ends++] = id;
}

/* "<|end|>" ends a part of an answer, not the answer, where "<|return|>" does that. */
static bool ends_a_part(const struct tokenizer *t, const char *spelling)
{
    return strcmp(spelling, "<|end|>") == 0 && token_lookup(t, "<|return|>", 10) >= 0;
}

void special_open(struct tokenizer *t)
{
    for (int32_t id = 0; id < t->n; id++) {
        if (token_size(t, id) == 0 || !is_special(t, id))
            continue;
        t->special_starts[(unsigned char)*token_text(t, id)] = true;
        if (token_size(t, id) > t->longest_special)
            t->longest_special = token_size(t, id);
    }
    special_add_end(t, t->eos);
    special_add_end(t, t->eot);
    special_add_end(t, t->eom);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int32_t id = token_lookup(t, ends[i], strlen(ends[i]));
        if (id >= 0 && is_special(t, id) && !ends_a_part(t, ends[i]))
            special_add_end(t, id);
    }
}
