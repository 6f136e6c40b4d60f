/* Coder: texts to vectors of bytes. */
#ifndef PALAVER_APP_MEANING_CODER_H
#define PALAVER_APP_MEANING_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/text/passages.h"
#include "base/error.h"
#include "engine/engine.h"

/* An encoder with its buffers. Belongs to one thread at a time, unlike the model. */
struct coder;

/* The tokens of a passage with both marks; what trained the usual encoders read no more at once. */
enum { CODER_TOKENS = 256 };

/* threads 0: one per core. The model must outlive it. */
struct coder *coder_open(const struct model *model, int32_t threads, struct error *err);
void coder_free(struct coder *c);
size_t coder_width(const struct coder *c);

/* Appends the passages of a text, at most CODER_TOKENS each. */
enum error_code coder_cut(struct coder *c, const char *text, size_t size, struct passages *out, struct error *err);

struct coder_text {
    const char *text;
    size_t size;
};
/* Encodes texts, cut after CODER_TOKENS. Vector i of length 1 is about bytes[i * width + …] * scales[i]. */
enum error_code coder_encode(struct coder *c, const struct coder_text *texts, size_t n, int8_t *bytes, float *scales,
                             struct error *err);
/* The mean of n such vectors, likewise; an own place for the result. */
enum error_code coder_mean(const int8_t *bytes, const float *scales, size_t n, size_t width, int8_t *mean, float *scale,
                           struct error *err);
/* The product of two vectors of bytes. */
float coder_likeness(const int8_t *a, float a_scale, const int8_t *b, float b_scale, size_t width);

#endif
