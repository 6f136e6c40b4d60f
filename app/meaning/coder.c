/* Coder: of a vector of length 1 the largest element becomes 127 or -127, the others are rounded likewise. On the messages
 * that tests compare it with float vectors finds the same. */
#include <config.h>

#include "app/meaning/coder.h"

#include <math.h>
#include <stdlib.h>

struct coder {
    const struct model *model;
    struct encoder *encoder;
    size_t width;
    int32_t longest; /* tokens of a passage with both marks */
};

struct coder *coder_open(const struct model *model, int32_t threads, struct error *err)
{
    struct coder *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_memory(err);
        return NULL;
    }
    c->model = model;
    c->encoder = encoder_open(model, &(struct encoder_options){.threads = threads}, err);
    if (c->encoder == NULL) {
        free(c);
        return NULL;
    }
    c->width = (size_t)encoder_width(c->encoder);
    c->longest = encoder_context(c->encoder) < CODER_TOKENS ? encoder_context(c->encoder) : CODER_TOKENS;
    return c;
}

void coder_free(struct coder *c)
{
    if (c != NULL)
        encoder_free(c->encoder);
    free(c);
}

size_t coder_width(const struct coder *c)
{
    return c->width;
}

/* ---- passages --------------------------------------------------------------------------------------------------- */

static size_t count_tokens(void *context, const char *text, size_t size)
{
    struct coder *c = context;
    struct error err = {0};
    struct ids ids = {0};
    const enum error_code code = tokenizer_encode(model_tokenizer(c->model), text, size, &ids, &err);
    const size_t n = ids.n;
    ids_free(&ids);
    return code == ERR_NONE ? n : SIZE_MAX;
}

enum error_code coder_cut(struct coder *c, const char *text, size_t size, struct passages *out, struct error *err)
{
    const size_t most = c->longest > 2 ? (size_t)c->longest - 2 : 1;
    return passages_cut(out, text, size, most, count_tokens, c) ? ERR_NONE : error_memory(err);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Writes the direction of x, (width), as bytes. */
static void pack_vector(float *x, size_t width, int8_t *bytes, float *scale)
{
    float largest = 0;
    vector_normalize(x, width);
    for (size_t i = 0; i < width; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    *scale = largest / 127;
    for (size_t i = 0; i < width; i++)
        bytes[i] = largest > 0 ? (int8_t)lrintf(x[i] * (127 / largest)) : 0;
}

enum error_code coder_encode(struct coder *c, const struct coder_text *texts, size_t n, int8_t *bytes, float *scales,
                             struct error *err)
{
    struct ids *ids = calloc(n + 1, sizeof *ids);
    float *vectors = malloc((n + 1) * c->width * sizeof *vectors);
    enum error_code code = ids != NULL && vectors != NULL ? ERR_NONE : error_memory(err);
    for (size_t i = 0; i < n && code == ERR_NONE; i++)
        code = encoder_tokens(c->encoder, texts[i].text, texts[i].size, c->longest, &ids[i], NULL, err);
    if (code == ERR_NONE)
        code = encoder_encode(c->encoder, ids, n, encoder_pooling(c->encoder), vectors, NULL, NULL, err);
    for (size_t i = 0; i < n && code == ERR_NONE; i++)
        pack_vector(vectors + i * c->width, c->width, bytes + i * c->width, &scales[i]);
    for (size_t i = 0; i < n && ids != NULL; i++)
        ids_free(&ids[i]);
    free(ids);
    free(vectors);
    return code;
}

enum error_code coder_mean(const int8_t *bytes, const float *scales, size_t n, size_t width, int8_t *mean, float *scale,
                           struct error *err)
{
    float *sum = calloc(width, sizeof *sum);
    if (sum == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < width; k++)
            sum[k] += (float)bytes[i * width + k] * scales[i];
    pack_vector(sum, width, mean, scale);
    free(sum);
    return ERR_NONE;
}

float coder_likeness(const int8_t *a, float a_scale, const int8_t *b, float b_scale, size_t width)
{
    int32_t sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += a[i] * b[i];
    return (float)sum * a_scale * b_scale;
}
