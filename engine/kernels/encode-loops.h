/* The loops of encode.h, for each file that makes a table of them with its instruction set. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "engine/kernels/encode.h"
#include "engine/kernels/fused.h"
#include "engine/kernels/scan.h"

enum { LANES = ENCODE_LANES, TOGETHER = ENCODE_TOGETHER };

static inline size_t whole_lanes(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

static inline float sum_lanes(const float *lanes)
{
    float sum = 0;
    for (int j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static float mean_of(const float *x, size_t n)
{
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] += x[i + j];
    for (size_t j = 0; i + j < n; j++)
        lanes[j] += x[i + j];
    return sum_lanes(lanes) / (float)n;
}

static float variance_of(const float *x, size_t n, float mean)
{
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] += (x[i + j] - mean) * (x[i + j] - mean);
    for (size_t j = 0; i + j < n; j++)
        lanes[j] += (x[i + j] - mean) * (x[i + j] - mean);
    return sum_lanes(lanes) / (float)n;
}

static void norm(float *restrict x, const float *restrict add, const float *restrict weight, const float *restrict bias,
                 size_t n, float epsilon)
{
    for (size_t i = 0; add != NULL && i < n; i++)
        x[i] += add[i];
    const float mean = mean_of(x, n), scale = 1.0f / sqrtf(variance_of(x, n, mean) + epsilon);
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

/* The error function of |x| by Abramowitz and Stegun 7.1.26, to 2e-7; at 9 it is 1 to the last bit of a float. */
static inline float error_function(float x)
{
    const float size = fabsf(x), inside = size < 9.0f ? size : 9.0f, t = 1.0f / (1.0f + 0.3275911f * inside);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float erf = 1.0f - p * t * scan_exponential(-inside * inside);
    return size == size ? copysignf(erf, x) : x;
}

static void gelu(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 0.5f * x[i] * (1.0f + error_function(x[i] * 0.707106781f));
}

/* ---- attention -------------------------------------------------------------------------------------------------- */

/* Where the parts lie in the scratch, each in whole lanes. */
struct head_parts {
    float *keys;   /* (head_width, n): transposed */
    float *values; /* (n, head_width) */
    float *scores; /* (TOGETHER, n) */
    size_t n, width;
};

/* Asks for the same rows of the head after this one, which is mostly computed next. */
static inline void head_ask(const struct encode_head *h, size_t row)
{
    enum { LINE = 16 }; /* floats */
    const size_t at = row * h->stride + h->head_width;
    for (size_t i = 0; i < h->head_width; i += LINE) {
        __builtin_prefetch(h->k + at + i);
        __builtin_prefetch(h->v + at + i);
        __builtin_prefetch(h->q + at + i);
    }
}

static struct head_parts head_gather(const struct encode_head *h)
{
    struct head_parts p = {.keys = h->scratch, .n = whole_lanes(h->n), .width = whole_lanes(h->head_width)};
    p.values = p.keys + h->head_width * p.n;
    p.scores = p.values + h->n * p.width;
    for (size_t j = 0; j < h->n; j++) {
        head_ask(h, j);
        for (size_t i = 0; i < h->head_width; i++) {
            p.keys[i * p.n + j] = h->k[j * h->stride + i];
            p.values[j * p.width + i] = h->v[j * h->stride + i];
        }
        memset(p.values + j * p.width + h->head_width, 0, (p.width - h->head_width) * sizeof(float));
    }
    for (size_t i = 0; i < h->head_width; i++)
        memset(p.keys + i * p.n + h->n, 0, (p.n - h->n) * sizeof(float));
    return p;
}

/* Scores of TOGETHER queries with all keys. */
static inline void head_score(const struct encode_head *h, const struct head_parts *p, const float *const *queries)
{
    const float scale = 1.0f / sqrtf((float)h->head_width);
    for (size_t j = 0; j < p->n; j += LANES) {
        float sums[TOGETHER][LANES] = {{0}};
        for (size_t i = 0; i < h->head_width; i++)
            for (size_t r = 0; r < TOGETHER; r++)
                for (size_t l = 0; l < LANES; l++)
                    sums[r][l] = fused(queries[r][i], p->keys[i * p->n + j + l], sums[r][l]);
        for (size_t r = 0; r < TOGETHER; r++)
            for (size_t l = 0; l < LANES; l++)
                p->scores[r * p->n + j + l] = sums[r][l] * scale;
    }
}

/* Turns n scores into weights that are not divided by their sum yet; returns the sum. */
static inline float head_weigh(float *scores, size_t n)
{
    const size_t whole = whole_lanes(n);
    float top = scores[0], lanes[LANES] = {0};
    for (size_t j = 1; j < n; j++)
        top = scores[j] > top ? scores[j] : top;
    for (size_t j = n; j < whole; j++)
        scores[j] = -INFINITY;
    for (size_t j = 0; j < whole; j++)
        scores[j] = scan_exponential(scores[j] - top);
    for (size_t j = n; j < whole; j++)
        scores[j] = 0;
    for (size_t j = 0; j < whole; j += LANES)
        for (size_t l = 0; l < LANES; l++)
            lanes[l] += scores[j + l];
    return sum_lanes(lanes);
}

/* Rows [first, first + rows) of the output. */
static inline void head_blend(const struct encode_head *h, const struct head_parts *p, const float *sums, size_t first,
                              size_t rows)
{
    for (size_t i = 0; i < p->width; i += LANES) {
        float blend[TOGETHER][LANES] = {{0}};
        for (size_t j = 0; j < h->n; j++)
            for (size_t r = 0; r < TOGETHER; r++)
                for (size_t l = 0; l < LANES; l++)
                    blend[r][l] = fused(p->scores[r * p->n + j], p->values[j * p->width + i + l], blend[r][l]);
        const bool whole = i + LANES <= h->head_width; /* so that a row is stored as one vector */
        for (size_t r = 0; r < rows; r++) {
            float *out = h->out + (first + r) * h->out_stride + i;
            for (size_t l = 0; whole && l < LANES; l++)
                out[l] = blend[r][l] / sums[r];
            for (size_t l = 0; !whole && i + l < h->head_width; l++)
                out[l] = blend[r][l] / sums[r];
        }
    }
}

static void attend(const struct encode_head *h)
{
    const struct head_parts parts = head_gather(h);
    for (size_t first = 0; first < h->n; first += TOGETHER) {
        const float *queries[TOGETHER];
        float sums[TOGETHER];
        const size_t rows = h->n - first < TOGETHER ? h->n - first : TOGETHER;
        for (size_t r = 0; r < TOGETHER; r++) /* past the end the last one again */
            queries[r] = h->q + (first + (r < rows ? r : rows - 1)) * h->stride;
        head_score(h, &parts, queries);
        for (size_t r = 0; r < TOGETHER; r++)
            sums[r] = head_weigh(parts.scores + r * parts.n, h->n);
        head_blend(h, &parts, sums, first, rows);
    }
}

#define ENCODE_TABLE \
    { \
        norm, gelu, attend \
    }
