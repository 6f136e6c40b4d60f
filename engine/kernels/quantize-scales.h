/* From the scales that suit each sub-block to what a block can hold: half-precision numbers, and for blocks of 256
 * integers by which they are multiplied.
 *
 * Rounding the integers one by one is not the best that can be done: each sub-block tries the neighbours too, with its
 * elements rounded anew and the minimum that then suits them, and the block's own numbers are fitted to the codes by
 * least squares. Both lower the error, so they take turns. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_SCALES_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_SCALES_H

#include <float.h>

#include "engine/kernels/half.h"
#include "engine/kernels/quantize-search.h"

enum { SCALES_ROUNDS = 2, SCALES_TRIES = 16 };

/* What stands for the scales of all lanes: d and m of the block times integers of the sub-block. */
struct scales {
    _Alignas(64) float d[QUANTIZE_LANES], m[QUANTIZE_LANES]; /* in the tile's units, but halves in real ones */
    _Alignas(64) float scale[QUANTIZE_LANES], minimum[QUANTIZE_LANES]; /* integers */
    _Alignas(64) float error[QUANTIZE_LANES];
};

/* The nearest half of real size; the largest for what is larger. */
static inline uint16_t half_of(float x, float unit)
{
    const float real = x * unit, most = 65504.0f;
    return half_from_float(real > most ? most : real < -most ? -most : real);
}

static inline float half_rounded(float x, float unit)
{
    return half_to_float(half_of(x, unit)) / unit;
}

static inline struct sub_blocks tile_part(const struct quantize_tile *t, const struct quantize_form *form, int lane)
{
    return (struct sub_blocks){&t->x[0][lane], &t->w[0][lane], form->length, (t->weighted ? 3 : 1) * form->tries};
}

/* What any other is better than. */
static inline struct scales scales_none(void)
{
    struct scales s = {.error = {0}};
    for (int lane = 0; lane < QUANTIZE_LANES; lane++)
        s.error[lane] = FLT_MAX;
    return s;
}

/* In blocks where another state has a smaller error, takes it over. */
static inline void scales_keep_better(struct scales *s, const struct scales *other, int subs)
{
    for (int lane = 0; lane < QUANTIZE_LANES; lane += subs) {
        float sum = 0, others = 0;
        for (int i = lane; i < lane + subs; i++) {
            sum += s->error[i];
            others += other->error[i];
        }
        if (!(others < sum))
            continue;
        for (int i = lane; i < lane + subs; i++) {
            s->d[i] = other->d[i];
            s->m[i] = other->m[i];
            s->scale[i] = other->scale[i];
            s->minimum[i] = other->minimum[i];
            s->error[i] = other->error[i];
        }
    }
}

/* Sets a block's d or m, the same in all its lanes. */
static inline void block_set(float *where, const struct quantize_tile *t, int lane, int subs, float value)
{
    const float rounded = half_rounded(value, t->unit[lane]);
    for (int i = lane; i < lane + subs; i++)
        where[i] = rounded;
}

/* The number of a block of which integers least .. most make the numbers that suit its n sub-blocks best, where the
 * square of an error of each costs its weight. The integers tried are those that make the largest about `end`; the
 * block's number follows from them by least squares. */
LANES_INLINE float common_measure(const float *suits, const float *weight, int n, float least, float most, float end)
{
    _Alignas(64) float gain[SCALES_TRIES], fitted[SCALES_TRIES];
    float largest = 0;
    for (int i = 0; i < n; i++)
        largest = suits[i] * suits[i] > largest * largest ? suits[i] : largest;
    for (int k = 0; k < SCALES_TRIES; k++)
        gain[k] = largest == 0.0f ? 0.0f : end * (1.0f + (float)(2 - k) / 40.0f) / largest;
    for (int k = 0; k < SCALES_TRIES; k += LANES) {
        const lanes inverse = lanes_load(gain + k);
        lanes product = lanes_set(0.0f), square = lanes_set(0.0f);
        for (int i = 0; i < n; i++) {
            const lanes integer = code_nearest(lanes_set(suits[i]) * inverse, lanes_set(least), lanes_set(most), false);
            product += lanes_set(weight[i] * suits[i]) * integer;
            square += lanes_set(weight[i]) * integer * integer;
        }
        const lanes number = product * lanes_inverse(square);
        lanes_store(fitted + k, number);
        lanes_store(gain + k, number * product);
    }
    int best = 0;
    for (int k = 1; k < SCALES_TRIES; k++)
        best = gain[k] > gain[best] ? k : best;
    return fitted[best];
}

/* Chooses each block's number, and the integers that make the numbers that suit its sub-blocks. */
LANES_INLINE void common_begin(const struct quantize_tile *t, const struct quantize_form *form, const float *suits,
                               const float *weight, float end, float *unit, float *integer)
{
    const int n = form->subs;
    for (int lane = 0; lane < QUANTIZE_LANES; lane += n)
        block_set(unit, t, lane, n,
                  common_measure(suits + lane, weight + lane, n, form->scale_low, form->scale_high, end));
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const lanes v = lanes_load(suits + lane) * lanes_inverse(lanes_load(unit + lane));
        const lanes nearest = code_nearest(v, lanes_set(form->scale_low), lanes_set(form->scale_high), false);
        lanes_store(integer + lane, nearest);
    }
}

/* ---- scale * q --------------------------------------------------------------------------------------------------- */

/* What suits each sub-block best, what is nearly as good, and what an error in it costs. */
struct scaled_suits {
    _Alignas(64) float scale[QUANTIZE_LANES], other[QUANTIZE_LANES], weight[QUANTIZE_LANES];
};

/* Each lane takes the best of its integer, the neighbours and what the other scale comes to. */
LANES_INLINE void scaled_step(const struct quantize_tile *t, const struct quantize_form *form,
                              const struct scaled_suits *suits, struct scales *s, const bool levels)
{
    const lanes least = lanes_set(form->scale_low), most = lanes_set(form->scale_high), one = lanes_set(1.0f);
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const struct sub_blocks part = tile_part(t, form, lane);
        const lanes d = lanes_load(s->d + lane), from = lanes_load(s->scale + lane);
        const lanes tried[] = {from - one, from + one, lanes_load(suits->other + lane) * lanes_inverse(d)};
        lanes scale = from, error = codes_error(part, form, d * from, lanes_set(0.0f), levels);
        for (int i = 0; i < 2 + form->mirrored; i++) {
            const lanes other = code_nearest(tried[i], least, most, false);
            const lanes others = codes_error(part, form, d * other, lanes_set(0.0f), levels);
            scale = lanes_less(others, error, other, scale);
            error = lanes_min(others, error);
        }
        lanes_store(s->scale + lane, scale);
        lanes_store(s->error + lane, error);
    }
}

/* Fits each block's d to the codes. */
LANES_INLINE void scaled_fit(const struct quantize_tile *t, const struct quantize_form *form, struct scales *s,
                             const bool levels)
{
    _Alignas(64) float above[QUANTIZE_LANES], below[QUANTIZE_LANES];
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const lanes scale = lanes_load(s->scale + lane), inverse = lanes_inverse(scale * lanes_load(s->d + lane));
        const struct code_sums sums = codes_sum(tile_part(t, form, lane), form, lanes_set(0.0f), inverse, levels);
        lanes_store(above + lane, scale * sums.xq);
        lanes_store(below + lane, scale * scale * sums.qq);
    }
    for (int lane = 0; lane < QUANTIZE_LANES; lane += form->subs) {
        float xq = 0, qq = 0;
        for (int i = lane; i < lane + form->subs; i++) {
            xq += above[i];
            qq += below[i];
        }
        block_set(s->d, t, lane, form->subs, qq > 0 ? xq / qq : 0.0f);
    }
}

/* The largest scale may become the least integer or the largest; either is improved, and the better one remains. */
LANES_INLINE void scaled_scales(const struct quantize_tile *t, const struct quantize_form *form,
                                const struct scaled_suits *suits, struct scales *best, const bool levels)
{
    for (int end = 0; end < 2; end++) {
        const float most = end == 0 ? form->scale_low : form->scale_high;
        struct scales s = {.error = {0}};
        common_begin(t, form, suits->scale, suits->weight, most, s.d, s.scale);
        for (int round = 0; round <= SCALES_ROUNDS; round++) {
            if (round > 0)
                scaled_fit(t, form, &s, levels);
            scaled_step(t, form, suits, &s, levels);
            scales_keep_better(best, &s, form->subs);
        }
    }
}

/* ---- scale * q - minimum ----------------------------------------------------------------------------------------- */

/* Each lane takes the best of its integer scale and the neighbours, each with the integer minimum that suits its
 * codes. */
LANES_INLINE void affine_step(const struct quantize_tile *t, const struct quantize_form *form, struct scales *s)
{
    const lanes zero = lanes_set(0.0f), most = lanes_set(form->scale_high);
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const struct sub_blocks part = tile_part(t, form, lane);
        const struct affine_sums a = affine_sums(part, zero);
        const lanes d = lanes_load(s->d + lane), m = lanes_load(s->m + lane);
        const lanes from = lanes_load(s->scale + lane), once = lanes_inverse(m * a.w);
        lanes scale = from, minimum = lanes_load(s->minimum + lane);
        lanes error = codes_error(part, form, d * scale, m * minimum, false);
        const lanes offset = m * minimum;
        for (int by = -1; by <= 1; by++) {
            const lanes other = lanes_min(lanes_max(from + lanes_set((float)by), zero), most);
            const struct code_sums sums = codes_sum(part, form, offset, lanes_inverse(d * other), false);
            const lanes fitted = (d * other * sums.q - a.x) * once;
            const lanes rounded = lanes_round(lanes_min(lanes_max(fitted, zero), most));
            const lanes others = codes_error(part, form, d * other, m * rounded, false);
            scale = lanes_less(others, error, other, scale);
            minimum = lanes_less(others, error, rounded, minimum);
            error = lanes_min(others, error);
        }
        lanes_store(s->scale + lane, scale);
        lanes_store(s->minimum + lane, minimum);
        lanes_store(s->error + lane, error);
    }
}

/* Fits each block's d and m to the codes: two unknowns, d * (scale * q) - m * minimum = x. */
LANES_INLINE void affine_fit(const struct quantize_tile *t, const struct quantize_form *form, struct scales *s)
{
    _Alignas(64) float part[5][QUANTIZE_LANES];
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const struct sub_blocks sub = tile_part(t, form, lane);
        const struct affine_sums a = affine_sums(sub, lanes_set(0.0f));
        const lanes scale = lanes_load(s->scale + lane), minimum = lanes_load(s->minimum + lane);
        const lanes offset = minimum * lanes_load(s->m + lane);
        const struct code_sums sums =
            codes_sum(sub, form, offset, lanes_inverse(scale * lanes_load(s->d + lane)), false);
        lanes_store(part[0] + lane, scale * scale * sums.qq);
        lanes_store(part[1] + lane, scale * minimum * sums.q);
        lanes_store(part[2] + lane, minimum * minimum * a.w);
        lanes_store(part[3] + lane, scale * (sums.xq - offset * sums.q));
        lanes_store(part[4] + lane, minimum * a.x);
    }
    for (int lane = 0; lane < QUANTIZE_LANES; lane += form->subs) {
        float sum[5] = {0};
        for (int k = 0; k < 5; k++)
            for (int i = lane; i < lane + form->subs; i++)
                sum[k] += part[k][i];
        const float det = sum[0] * sum[2] - sum[1] * sum[1];
        if (!(det > 1e-4f * sum[0] * sum[2]))
            continue;
        const float d = (sum[3] * sum[2] - sum[4] * sum[1]) / det, m = (sum[3] * sum[1] - sum[4] * sum[0]) / det;
        block_set(s->d, t, lane, form->subs, d > 0 ? d : 0.0f);
        block_set(s->m, t, lane, form->subs, m > 0 ? m : 0.0f);
    }
}

/* What suits each sub-block best, and what an error in it costs. */
struct affine_suits {
    _Alignas(64) float scale[QUANTIZE_LANES], minimum[QUANTIZE_LANES];
    _Alignas(64) float scale_weight[QUANTIZE_LANES], minimum_weight[QUANTIZE_LANES];
};

LANES_INLINE void affine_scales(const struct quantize_tile *t, const struct quantize_form *form,
                                const struct affine_suits *suits, struct scales *best)
{
    struct scales s = {.error = {0}};
    common_begin(t, form, suits->scale, suits->scale_weight, form->scale_high, s.d, s.scale);
    common_begin(t, form, suits->minimum, suits->minimum_weight, form->scale_high, s.m, s.minimum);
    for (int round = 0; round <= SCALES_ROUNDS; round++) {
        if (round > 0)
            affine_fit(t, form, &s);
        affine_step(t, form, &s);
        scales_keep_better(best, &s, form->subs);
    }
}

#endif
