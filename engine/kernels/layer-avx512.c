/* Layer kernels for AVX-512 (F, BW, DQ, VL, VNNI): what layer-lanes.h asks for. */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16 };

typedef __m512 V;
typedef __m512i I;
typedef const char *X;
typedef __mmask16 M;

#define v_set _mm512_set1_ps
#define v_load _mm512_loadu_ps
#define v_store _mm512_storeu_ps
#define v_add _mm512_add_ps
#define v_sub _mm512_sub_ps
#define v_mul _mm512_mul_ps
#define v_div _mm512_div_ps
#define v_min _mm512_min_ps
#define v_max _mm512_max_ps
#define v_fma _mm512_fmadd_ps
#define v_top _mm512_reduce_max_ps
#define v_swap(v) _mm512_permute_ps(v, 0xb1)
#define v_round(x) _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define v_above(a, b) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define v_pick(m, a, b) _mm512_mask_mov_ps(b, m, a)
#define i_zero _mm512_setzero_si512
#define i_load _mm512_loadu_si512
#define i_store _mm512_storeu_si512
#define i_set _mm512_set1_epi32
#define i_float _mm512_cvtepi32_ps
#define q8_start _mm512_set1_epi32
#define q8_dot _mm512_dpbusd_epi32

/* 24 sums, four vectors of keys or columns and what a load needs. */
#define TILE_WIDTH(rows) 4
#define Q8_WIDTH(rows) 4

static inline __mmask16 first_lanes(int64_t left)
{
    return left >= 16 ? 0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
}

static inline V v_first(const float *p, int64_t left)
{
    return _mm512_maskz_loadu_ps(first_lanes(left), p);
}

static inline void v_store_first(float *p, int64_t left, V v)
{
    _mm512_mask_storeu_ps(p, first_lanes(left), v);
}

static inline V v_low(V v, int64_t left)
{
    return _mm512_mask_mov_ps(_mm512_set1_ps(-__builtin_inff()), first_lanes(left), v);
}

static inline float v_total(const V *v)
{
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(*v), _mm512_extractf32x8_ps(*v, 1));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline __mmask16 is_normal(V x)
{
    return _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0f), _CMP_NLT_UQ);
}

static inline V v_power(V whole)
{
    const I exponent = _mm512_add_epi32(_mm512_cvtps_epi32(whole), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}

static inline V v_keep(V x, V v)
{
    return _mm512_maskz_mov_ps(is_normal(x), v);
}

static inline V v_raise(V x, V p, V whole)
{
    return _mm512_maskz_scalef_ps(is_normal(x), p, whole);
}

static inline V v_half(const uint16_t *h)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)h));
}

static inline I i_bytes(const char *p)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p));
}

static inline X x_pair(const char *p)
{
    return p;
}

/* By the intrinsic gcc 12 keeps sums on the stack. */
static inline void i_dot(I *sum, I lanes, X x)
{
    __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(lanes), "m"(*(const char(*)[4])x));
}

/* As unsigned bytes, for which a query's sums start with what that adds. */
static inline I q8_key(const char *p)
{
    return _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8((char)0x80));
}

static inline void store_whole(int16_t *to, const V *v)
{
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(*v)));
}

#include "engine/kernels/layer-lanes.h"

LAYER_TABLES(layer_avx512, layer_avx512_q8, "avx512");
