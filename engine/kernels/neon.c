/* Kernels for 64-bit Arm processors with the dot product instructions (Armv8.2 and later): panels of 4 rows. */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32x4_t V;
typedef float32x4_t VF;
#define UNITS 1
#define PAIR 1
#define TILE 8
#define SUB 8
#define PANELS 1
#define STRAIGHT 1
#define STRAIGHT_REST 1
#define SIGNED8 1

#define NEON_INLINE static inline __attribute__((always_inline))
#define u8(v) vreinterpretq_u8_u32(v)
#define u64(v) vreinterpretq_u64_u32(v)
#define s32(v) vreinterpretq_s32_u32(v)

#define v_rows(p, stride, i) vreinterpretq_u32_u8(vld1q_u8((p) + (size_t)(i) * (stride)))
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
#define v_sub vsubq_u32
#define v_mul vmulq_u32
#define v_or_and(a, b, c) v_or(a, v_and(b, c))
#define v_sar16(a, n) vreinterpretq_u32_s16(vshlq_s16(vreinterpretq_s16_u32(a), vdupq_n_s16(-(n))))
#define v_table(table, index) vreinterpretq_u32_u8(vqtbl1q_u8(vld1q_u8(table), u8(index)))
#define v_bytes(v, index) vreinterpretq_u32_u8(vqtbl1q_u8(u8(v), vld1q_u8(index)))
#define v_load(p) vreinterpretq_u32_u8(vld1q_u8((const uint8_t *)(p)))
#define v_store(p, v) vst1q_u8((uint8_t *)(p), u8(v))
#define vf_cast vreinterpretq_f32_u32
#define vf_int(v) vcvtq_f32_s32(s32(v))
#define vf_mul vmulq_f32
#define vf_fma(a, b, c) vfmaq_f32(c, a, b)
#define vf_set1 vdupq_n_f32
#define vf_load vld1q_f32
#define vf_store vst1q_f32

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

#define v_dot8 v_dot

NEON_INLINE V v_pairs(V acc, V a, V b)
{
    int16x8_t x = vreinterpretq_s16_u32(a), y = vreinterpretq_s16_u32(b);
    int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
    return vaddq_u32(acc, vreinterpretq_u32_s32(vpaddq_s32(low, high)));
}

NEON_INLINE VF vf_half_low(V v)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(v)));
}

#define vf_half_high(v) vf_half_low(v_shr(v, 16))

#include "engine/kernels/products.h"

const struct kernels kernels_neon = {
    .name = "neon",
    .rows = ROWS,
    .tile = TILE,
    .panels = PANELS,
    .types = {VECTOR_TYPES},
    .prepare = prepare_q8,
};
