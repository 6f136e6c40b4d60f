/* Encoding: the encoder that the options mean, and the vectors of many texts, for palaver embed and palaver similarity. */
#ifndef PALAVER_APP_COMMANDS_ENCODING_H
#define PALAVER_APP_COMMANDS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

struct encoding {
    struct model *model;
    struct encoder *encoder;
    enum pooling pooling;
    int32_t longest; /* tokens of a text; 0: as the model reads */
    size_t cut;      /* texts that were longer, so far */
};

/* longest: what --max-length is unless given, "model" or a number. On failure there is nothing to close. */
bool encoding_open(struct encoding *e, const struct options *o, const char *longest, struct error *err);
void encoding_close(struct encoding *e);
/* Appends a text's ids with [CLS] and [SEP]. */
bool encoding_add(struct encoding *e, const char *text, size_t size, struct ids *out, struct error *err);
/* The vectors of texts, (n, width), malloc'ed; NULL on failure. Progress is shown unless quiet. */
float *encoding_vectors(struct encoding *e, const struct ids *texts, size_t n, bool quiet, struct error *err);
/* Says on standard error how many texts were cut, if any. */
void encoding_tell_cut(const struct encoding *e, bool quiet);

#endif
