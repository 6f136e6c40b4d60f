/* Cutters: how a text is cut into words before byte-level BPE merges inside of each.
 *
 * The usual expressions have scanners of their own (pretokenize.c); the others run as patterns, one after another, each
 * on the words that the one before left: what matches is a word, and so is what lies between. */
#ifndef PALAVER_ENGINE_TEXT_CUTTER_H
#define PALAVER_ENGINE_TEXT_CUTTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { CUTTER_STAGES = 6 };

enum pretokenizer {
    PRE_GPT2,     /* GPT-2's expression */
    PRE_SMOLLM,   /* every digit alone, then GPT-2's */
    PRE_LLAMA3,   /* Llama 3's: groups of up to three digits, contractions in any case */
    PRE_QWEN2,    /* Llama 3's with every digit alone */
    PRE_PATTERNS, /* the cutter's patterns */
};

struct cutter {
    enum pretokenizer kind;
    struct pattern *patterns[CUTTER_STAGES]; /* owned */
    int n;
    bool whole_words; /* a word that is a token is not merged from its bytes */
};

/* Makes the cutter that GGUF files name so (tokenizer.ggml.pre). ERR_UNSUPPORTED for an unknown name. */
enum error_code cutter_open(struct cutter *c, const char *name, size_t size, struct error *err);
/* The same from expressions that act one after another, at most CUTTER_STAGES. Known ones get their scanner. */
enum error_code cutter_open_expressions(struct cutter *c, const char *const *expressions, int n, bool whole_words,
                                        struct error *err);
void cutter_close(struct cutter *c);

/* Takes a word; false ends the cutting. */
typedef bool cutter_word(void *context, const char *word, size_t size);

/* Cuts text[0..size), any bytes, into words of at least one byte, in order. False when take returned false. */
bool cutter_cut(const struct cutter *c, const char *text, size_t size, cutter_word *take, void *context);

/* pretokenize.c: the bytes of the next word of text[0..size), size > 0; at least 1. kind is not PRE_PATTERNS. */
size_t pretokenize(enum pretokenizer kind, const char *text, size_t size);

#endif
