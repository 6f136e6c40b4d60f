/* The search for one sub-block's scale, in each lane its own.
 *
 * Codes follow from a scale by rounding, and the best scale for given codes from least squares. So scales around the
 * one that just fits the largest element are tried, each with the scale that its codes make best, and the best of them
 * is improved by rounding and fitting again, which can only lower the error. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_SEARCH_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_SEARCH_H

#include <stdbool.h>

#include "engine/kernels/quantize-lanes.h"
#include "engine/kernels/quantize-tile.h"

enum { SEARCH_REFITS = 3 };

/* Elements and weights of some lanes: element i at i * QUANTIZE_LANES. */
struct sub_blocks {
    const float *x, *w;
    int n, most_tries;
};

/* Weighted sums over a sub-block with codes q. */
struct code_sums {
    lanes xq, qq, q;
};

LANES_INLINE lanes level_above(lanes y, float middle, int level, lanes otherwise)
{
    return lanes_less(lanes_set(middle), y, lanes_set((float)level), otherwise);
}

/* The number (numbered) or the value of the one of IQ4_LEVELS that is nearest to y. It is spelled out with what lies in
 * the middle between two levels, as compilers leave a loop over a table as it is. */
LANES_INLINE lanes level_nearest(lanes y, const bool numbered)
{
    lanes level = lanes_set(numbered ? 0.0f : -127.0f);
    level = level_above(y, -115.5f, numbered ? 1 : -104, level);
    level = level_above(y, -93.5f, numbered ? 2 : -83, level);
    level = level_above(y, -74.0f, numbered ? 3 : -65, level);
    level = level_above(y, -57.0f, numbered ? 4 : -49, level);
    level = level_above(y, -42.0f, numbered ? 5 : -35, level);
    level = level_above(y, -28.5f, numbered ? 6 : -22, level);
    level = level_above(y, -16.0f, numbered ? 7 : -10, level);
    level = level_above(y, -4.5f, numbered ? 8 : 1, level);
    level = level_above(y, 7.0f, numbered ? 9 : 13, level);
    level = level_above(y, 19.0f, numbered ? 10 : 25, level);
    level = level_above(y, 31.5f, numbered ? 11 : 38, level);
    level = level_above(y, 45.5f, numbered ? 12 : 53, level);
    level = level_above(y, 61.0f, numbered ? 13 : 69, level);
    level = level_above(y, 79.0f, numbered ? 14 : 89, level);
    level = level_above(y, 101.0f, numbered ? 15 : 113, level);
    return level;
}

/* The code for y, an element divided by the scale. */
LANES_INLINE lanes code_nearest(lanes y, lanes low, lanes high, const bool levels)
{
    return levels ? level_nearest(y, false) : lanes_round(lanes_min(lanes_max(y, low), high));
}

/* offset is added to each element first. */
LANES_INLINE struct code_sums codes_sum(struct sub_blocks s, const struct quantize_form *form, lanes offset,
                                        lanes inverse, const bool levels)
{
    const lanes low = lanes_set(form->low), high = lanes_set(form->high);
    struct code_sums sums = {lanes_set(0.0f), lanes_set(0.0f), lanes_set(0.0f)};
    for (int i = 0; i < s.n; i++) {
        const lanes x = lanes_load(s.x + i * QUANTIZE_LANES) + offset, w = lanes_load(s.w + i * QUANTIZE_LANES);
        const lanes q = code_nearest(x * inverse, low, high, levels), wq = w * q;
        sums.xq += wq * x;
        sums.qq += wq * q;
        sums.q += wq;
    }
    return sums;
}

/* The sum of the squared errors of x = scale * q - minimum. */
LANES_INLINE lanes codes_error(struct sub_blocks s, const struct quantize_form *form, lanes scale, lanes minimum,
                               const bool levels)
{
    const lanes low = lanes_set(form->low), high = lanes_set(form->high), inverse = lanes_inverse(scale);
    lanes sum = lanes_set(0.0f);
    for (int i = 0; i < s.n; i++) {
        const lanes x = lanes_load(s.x + i * QUANTIZE_LANES) + minimum, w = lanes_load(s.w + i * QUANTIZE_LANES);
        const lanes off = scale * code_nearest(x * inverse, low, high, levels) - x;
        sum += w * off * off;
    }
    return sum;
}

/* ---- scale * q --------------------------------------------------------------------------------------------------- */

/* The best so far. gain: by how much the sum of squares falls; weight: of the square of an error in the scale. */
struct scaled_best {
    lanes scale, gain, weight;
};

LANES_INLINE void scaled_try(struct sub_blocks s, const struct quantize_form *form, lanes inverse,
                             struct scaled_best *best, const bool levels)
{
    const struct code_sums sums = codes_sum(s, form, lanes_set(0.0f), inverse, levels);
    const lanes scale = sums.xq * lanes_inverse(sums.qq), gain = scale * sums.xq;
    best->scale = lanes_less(best->gain, gain, scale, best->scale);
    best->weight = lanes_less(best->gain, gain, sums.qq, best->weight);
    best->gain = lanes_max(best->gain, gain);
}

/* The element farthest from 0, with its sign. */
LANES_INLINE lanes farthest_element(struct sub_blocks s)
{
    lanes farthest = lanes_load(s.x);
    for (int i = 1; i < s.n; i++) {
        const lanes x = lanes_load(s.x + i * QUANTIZE_LANES);
        farthest = lanes_less(lanes_abs(farthest), lanes_abs(x), x, farthest);
    }
    return farthest;
}

/* The better scale, and in *other the best that would have the farthest element at the other end of the codes: where
 * all elements are far from 0 both may be as good. */
LANES_INLINE struct scaled_best scaled_search(struct sub_blocks s, const struct quantize_form *form, lanes *other,
                                              const bool levels)
{
    const lanes fitting = lanes_inverse(farthest_element(s)), zero = lanes_set(0.0f);
    struct scaled_best best = {zero, zero, zero}, mirrored = best;
    for (int k = -form->tries; k <= s.most_tries; k++) {
        const float ratio = 1.0f + (float)k * form->step;
        scaled_try(s, form, lanes_set(form->low * ratio) * fitting, &best, levels);
        if (form->mirrored)
            scaled_try(s, form, lanes_set(form->high * ratio) * fitting, &mirrored, levels);
    }
    *other = lanes_less(best.gain, mirrored.gain, best.scale, mirrored.scale);
    best.scale = lanes_less(best.gain, mirrored.gain, mirrored.scale, best.scale);
    best.weight = lanes_less(best.gain, mirrored.gain, mirrored.weight, best.weight);
    best.gain = lanes_max(best.gain, mirrored.gain);
    for (int i = 0; i < SEARCH_REFITS; i++)
        scaled_try(s, form, lanes_inverse(best.scale), &best, levels);
    return best;
}

/* ---- scale * q - minimum ----------------------------------------------------------------------------------------- */

/* Sums over a sub-block whose elements are counted from origin on, which keeps their digits where they are far from
 * 0. */
struct affine_sums {
    lanes origin, w, x, xx, once; /* once: 1 / w */
};

/* The best so far; weights: of the squares of errors in scale and minimum. */
struct affine_best {
    lanes scale, minimum, error, scale_weight, minimum_weight;
};

LANES_INLINE struct affine_sums affine_sums(struct sub_blocks s, lanes origin)
{
    struct affine_sums a = {.origin = origin};
    for (int i = 0; i < s.n; i++) {
        const lanes x = lanes_load(s.x + i * QUANTIZE_LANES) - origin, w = lanes_load(s.w + i * QUANTIZE_LANES);
        const lanes wx = w * x;
        a.w += w;
        a.x += wx;
        a.xx += wx * x;
    }
    a.once = lanes_inverse(a.w);
    return a;
}

/* Tries the codes of (x - origin + offset) * inverse. signed_minimum: whether the minimum may be negative. */
LANES_INLINE void affine_try(struct sub_blocks s, const struct quantize_form *form, const struct affine_sums *a,
                             lanes offset, lanes inverse, struct affine_best *best, const bool signed_minimum)
{
    const struct code_sums sums = codes_sum(s, form, offset - a->origin, inverse, false);
    const lanes xq = sums.xq - offset * sums.q, det = a->w * sums.qq - sums.q * sums.q;
    /* Where hardly a code differs from another, rounding has left nothing of the determinant: the scale stays. */
    const lanes limit = lanes_set(1e-5f) * a->w * sums.qq, once = lanes_inverse(det);
    lanes scale = lanes_less(limit, det, (a->w * xq - a->x * sums.q) * once, lanes_inverse(inverse));
    lanes start = lanes_less(limit, det, (sums.qq * a->x - sums.q * xq) * once, (a->x - scale * sums.q) * a->once);
    if (!signed_minimum) {
        /* The values would begin above 0: they begin there. */
        const lanes most = -a->origin, fitted = (xq - most * sums.q) * lanes_inverse(sums.qq);
        scale = lanes_less(most, start, fitted, scale);
        start = lanes_min(start, most);
    }
    const lanes error = a->xx - lanes_set(2.0f) * (scale * xq + start * a->x - scale * start * sums.q) +
                        scale * scale * sums.qq + start * start * a->w;
    best->scale = lanes_less(error, best->error, scale, best->scale);
    best->minimum = lanes_less(error, best->error, -(start + a->origin), best->minimum);
    const lanes weight = lanes_max(det * a->once, lanes_set(1e-3f) * sums.qq);
    best->scale_weight = lanes_less(error, best->error, weight, best->scale_weight);
    best->error = lanes_min(error, best->error);
}

LANES_INLINE struct affine_best affine_search(struct sub_blocks s, const struct quantize_form *form)
{
    const bool signed_minimum = form->subs == 1;
    lanes least = lanes_load(s.x), most = least;
    for (int i = 1; i < s.n; i++) {
        least = lanes_min(least, lanes_load(s.x + i * QUANTIZE_LANES));
        most = lanes_max(most, lanes_load(s.x + i * QUANTIZE_LANES));
    }
    if (!signed_minimum)
        least = lanes_min(least, lanes_set(0.0f));
    const struct affine_sums a = affine_sums(s, least);
    const lanes fitting = lanes_inverse(most - least), zero = lanes_set(0.0f);
    struct affine_best best = {zero, -least, a.xx, zero, a.w};
    for (int k = -form->tries; k <= s.most_tries; k++) {
        const float ratio = 1.0f + (float)k * form->step;
        affine_try(s, form, &a, zero, lanes_set(form->high * ratio) * fitting, &best, signed_minimum);
    }
    for (int i = 0; i < SEARCH_REFITS; i++)
        affine_try(s, form, &a, best.minimum + a.origin, lanes_inverse(best.scale), &best, signed_minimum);
    return best;
}

#endif
