/* Kernels for 64-bit Arm processors with the dot product instructions (Armv8.2 and later): panels of 4 rows. */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32x4_t V;
typedef float32x4_t VF;
#define UNITS 1
#define TILE 8

#define NEON_INLINE static inline __attribute__((always_inline))
#define u8(v) vreinterpretq_u8_u32(v)
#define u64(v) vreinterpretq_u64_u32(v)
#define s32(v) vreinterpretq_s32_u32(v)

#define v_rows(p, stride, i) vreinterpretq_u32_u8(vld1q_u8((p) + (size_t)(i) * (stride)))
#define u16(v) vreinterpretq_u16_u32(v)
#define v_low16(a, b) vreinterpretq_u32_u16(vzip1q_u16(u16(a), u16(b)))
#define v_high16(a, b) vreinterpretq_u32_u16(vzip2q_u16(u16(a), u16(b)))
#define v_low32 vzip1q_u32
#define v_high32 vzip2q_u32
#define v_low64(a, b) vreinterpretq_u32_u64(vzip1q_u64(u64(a), u64(b)))
#define v_high64(a, b) vreinterpretq_u32_u64(vzip2q_u64(u64(a), u64(b)))
#define v_and vandq_u32
#define v_or vorrq_u32
#define v_xor veorq_u32
#define v_set1(n) vdupq_n_u32((uint32_t)(n))
#define v_shl(a, n) vshlq_u32(a, vdupq_n_s32(n))
#define v_shr(a, n) vshlq_u32(a, vdupq_n_s32(-(n)))
#define v_sar(a, n) vreinterpretq_u32_s32(vshlq_s32(s32(a), vdupq_n_s32(-(n))))
#define v_add vaddq_u32
#define v_table(table, index) vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(table), u8(index)))
#define v_load(p) vreinterpretq_u32_u8(vld1q_u8((const uint8_t *)(p)))
#define v_store(p, v) vst1q_u8((uint8_t *)(p), u8(v))
#define vf_cast vreinterpretq_f32_u32
#define vf_int(v) vcvtq_f32_s32(s32(v))
#define vf_mul vmulq_f32
#define vf_fma(a, b, c) vfmaq_f32(c, a, b)
#define vf_set1 vdupq_n_f32
#define vf_load vld1q_f32
#define vf_store vst1q_f32

NEON_INLINE V v_dwords(const uint8_t *p, size_t stride)
{
    uint32_t at[4];
    for (size_t r = 0; r < 4; r++)
        __builtin_memcpy(at + r, p + r * stride, 4);
    return vld1q_u32(at);
}

NEON_INLINE V v_bcast(const uint8_t *p)
{
    uint32_t x;
    __builtin_memcpy(&x, p, 4);
    return vdupq_n_u32(x);
}

/* Weights up to 127 are signed bytes as they are. */
NEON_INLINE V v_dot(V acc, V w, V x)
{
    return vreinterpretq_u32_s32(vdotq_s32(s32(acc), vreinterpretq_s8_u32(w), vreinterpretq_s8_u32(x)));
}

/* w = (w - 128) + 64 + 64. */
NEON_INLINE V v_dot_wide(V acc, V w, V x)
{
    V half = v_set1(0x40404040);
    return v_dot(v_dot(v_dot(acc, v_xor(w, v_set1(0x80808080)), x), half, x), half, x);
}

NEON_INLINE VF vf_half_low(V v)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(v)));
}

#define vf_half_high(v) vf_half_low(v_shr(v, 16))

NEON_INLINE void vf_halves(V v, VF two[2])
{
    two[0] = vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(u16(v))));
    two[1] = vcvt_f32_f16(vreinterpret_f16_u16(vget_high_u16(u16(v))));
}

#include "engine/kernels/vector.h"
/* after vector.h */
#include "engine/kernels/floats.h"

const struct kernels kernels_neon = {
    .name = "neon",
    .rows = ROWS,
    .tile = TILE,
    .types = {VECTOR_TYPES, FLOAT_TYPES, FLOAT_BF16},
    .prepare = {[TILE_Q8] = prepare_q8, [TILE_F32] = prepare_f32},
};
