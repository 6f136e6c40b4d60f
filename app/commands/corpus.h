/* Corpus: a text that a model reads to be measured, as ids and by its sizes. */
#ifndef PALAVER_APP_COMMANDS_CORPUS_H
#define PALAVER_APP_COMMANDS_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { CORPUS_WINDOW = 512 }; /* tokens that are read at a time unless -c says otherwise */

struct corpus {
    struct ids ids;                       /* without BOS */
    size_t bytes, characters;             /* characters are code points */
    size_t first_bytes, first_characters; /* of them the first token's */
};

/* Reads a file, or standard input for "-". ERR_FORMAT when it is not UTF-8. */
enum error_code corpus_read(struct corpus *c, const char *path, const struct tokenizer *t, struct error *err);
/* The same without ids: the text alone goes to an initialised buffer. */
enum error_code corpus_read_text(struct corpus *c, const char *path, struct buf *text, struct error *err);
/* Notes the sizes of the first token, which stands for these bytes. */
void corpus_measure_first(struct corpus *c, const struct buf *first);
void corpus_free(struct corpus *c);
/* BOS if a text of this model begins with it, else -1. */
int32_t corpus_bos(const struct tokenizer *t);
/* The context that -c asks for, else CORPUS_WINDOW or as many tokens as the model has room for (0: not known). */
int32_t corpus_window(int32_t asked, int32_t room);

#endif
