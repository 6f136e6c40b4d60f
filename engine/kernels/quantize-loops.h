/* The function of quantize-tile.h, for each file that makes a table of it with its instruction set. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_LOOPS_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_LOOPS_H

#include "engine/kernels/quantize-scales.h"

/* Rounds all elements with the scales that were chosen. */
LANES_INLINE void codes_write(const struct quantize_tile *t, const struct quantize_form *form, const struct scales *s,
                              struct quantize_packed *out, const bool levels)
{
    const lanes low = lanes_set(form->low), high = lanes_set(form->high);
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const lanes scale = lanes_load(s->d + lane) * lanes_load(s->scale + lane), inverse = lanes_inverse(scale);
        const lanes minimum = lanes_load(s->m + lane) * lanes_load(s->minimum + lane);
        for (int i = 0; i < form->length; i++) {
            const lanes y = (lanes_load(&t->x[i][lane]) + minimum) * inverse;
            float code[LANES];
            if (levels)
                lanes_store(code, level_nearest(y, true));
            else
                lanes_store(code, code_nearest(y, low, high, false) - low);
            for (int k = 0; k < LANES; k++)
                out->code[i][lane + k] = (uint8_t)code[k];
        }
    }
    for (int lane = 0; lane < QUANTIZE_LANES; lane++) {
        out->scale[lane] = (int8_t)s->scale[lane];
        out->minimum[lane] = (int8_t)s->minimum[lane];
        out->d[lane] = half_of(s->d[lane], t->unit[lane]);
        out->m[lane] = half_of(s->m[lane], t->unit[lane]);
    }
}

LANES_INLINE void scaled_choose(const struct quantize_tile *t, const struct quantize_form *form,
                                struct quantize_packed *out, const bool levels)
{
    _Alignas(64) float suits[QUANTIZE_LANES];
    struct scales s = {.d = {0}};
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES)
        lanes_store(suits + lane, scaled_search(tile_part(t, form, lane), form, levels));
    if (form->subs > 1)
        scaled_settle(t, form, suits, &s, levels);
    for (int lane = 0; form->subs == 1 && lane < QUANTIZE_LANES; lane++) {
        s.d[lane] = half_rounded(suits[lane], t->unit[lane]);
        s.scale[lane] = 1;
    }
    codes_write(t, form, &s, out, levels);
}

static void affine_choose(const struct quantize_tile *t, const struct quantize_form *form, struct quantize_packed *out)
{
    _Alignas(64) float scales[QUANTIZE_LANES], minima[QUANTIZE_LANES];
    struct scales s = {.d = {0}};
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        lanes scale, minimum;
        affine_search(tile_part(t, form, lane), form, &scale, &minimum);
        lanes_store(scales + lane, scale);
        lanes_store(minima + lane, minimum);
    }
    if (form->subs > 1)
        affine_settle(t, form, scales, minima, &s);
    for (int lane = 0; form->subs == 1 && lane < QUANTIZE_LANES; lane++) {
        s.d[lane] = half_rounded(scales[lane], t->unit[lane]);
        s.m[lane] = half_rounded(minima[lane], t->unit[lane]);
        s.scale[lane] = s.minimum[lane] = 1;
    }
    codes_write(t, form, &s, out, false);
}

static void choose(const struct quantize_tile *t, const struct quantize_form *form, struct quantize_packed *out)
{
    switch (form->codes) {
    case CODES_LINEAR: scaled_choose(t, form, out, false); break;
    case CODES_LEVELS: scaled_choose(t, form, out, true); break;
    case CODES_AFFINE: affine_choose(t, form, out); break;
    }
}

#endif
