/* The function of quantize-tile.h, for each file that makes a table of it with its instruction set. */
#ifndef PALAVER_ENGINE_KERNELS_QUANTIZE_LOOPS_H
#define PALAVER_ENGINE_KERNELS_QUANTIZE_LOOPS_H

#include "engine/kernels/quantize-scales.h"

/* Integers 0..255 as bytes: beside 2^23 they are the lowest byte of a float32. */
LANES_INLINE void code_store(lanes code, uint8_t out[LANES])
{
    const lanes shifted = code + lanes_set(8388608.0f);
    uint32_t bits[LANES];
    memcpy(bits, &shifted, sizeof bits);
    for (int k = 0; k < LANES; k++)
        out[k] = (uint8_t)bits[k];
}

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
            const lanes code = levels ? level_nearest(y, true) : code_nearest(y, low, high, false);
            code_store(code - (levels ? lanes_set(0.0f) : low), &out->code[i][lane]);
        }
    }
    for (int lane = 0; lane < QUANTIZE_LANES; lane++) {
        out->scale[lane] = (int8_t)s->scale[lane];
        out->minimum[lane] = (int8_t)s->minimum[lane];
    }
    for (int lane = 0; lane < QUANTIZE_LANES; lane += form->subs) {
        out->d[lane] = half_of(s->d[lane], t->unit[lane]);
        out->m[lane] = half_of(s->m[lane], t->unit[lane]);
    }
}

LANES_INLINE void scaled_choose(const struct quantize_tile *t, const struct quantize_form *form,
                                struct quantize_packed *out, const bool levels)
{
    struct scaled_suits suits;
    struct scales s = scales_none();
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        lanes other;
        const struct scaled_best best = scaled_search(tile_part(t, form, lane), form, &other, levels);
        lanes_store(suits.scale + lane, best.scale);
        lanes_store(suits.other + lane, other);
        lanes_store(suits.weight + lane, best.weight);
    }
    if (form->subs > 1)
        scaled_scales(t, form, &suits, &s, levels);
    for (int lane = 0; form->subs == 1 && lane < QUANTIZE_LANES; lane++) {
        s.d[lane] = half_rounded(suits.scale[lane], t->unit[lane]);
        s.scale[lane] = 1;
    }
    codes_write(t, form, &s, out, levels);
}

static void affine_choose(const struct quantize_tile *t, const struct quantize_form *form, struct quantize_packed *out)
{
    struct affine_suits suits;
    struct scales s = scales_none();
    for (int lane = 0; lane < QUANTIZE_LANES; lane += LANES) {
        const struct affine_best best = affine_search(tile_part(t, form, lane), form);
        lanes_store(suits.scale + lane, best.scale);
        lanes_store(suits.minimum + lane, best.minimum);
        lanes_store(suits.scale_weight + lane, best.scale_weight);
        lanes_store(suits.minimum_weight + lane, best.minimum_weight);
    }
    if (form->subs > 1)
        affine_scales(t, form, &suits, &s);
    for (int lane = 0; form->subs == 1 && lane < QUANTIZE_LANES; lane++) {
        s.d[lane] = half_rounded(suits.scale[lane], t->unit[lane]);
        s.m[lane] = half_rounded(suits.minimum[lane], t->unit[lane]);
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
