/* Layer kernels for AVX2 with FMA and F16C: what layer-lanes.h asks for. */
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 8 };

typedef __m256 V;
typedef __m256i I;
typedef __m256i X;
typedef __m256 M;

#define v_set _mm256_set1_ps
#define v_load _mm256_loadu_ps
#define v_store _mm256_storeu_ps
#define v_add _mm256_add_ps
#define v_sub _mm256_sub_ps
#define v_mul _mm256_mul_ps
#define v_div _mm256_div_ps
#define v_min _mm256_min_ps
#define v_max _mm256_max_ps
#define v_fma _mm256_fmadd_ps
#define v_swap(v) _mm256_permute_ps(v, 0xb1)
#define v_above(a, b) _mm256_cmp_ps(a, b, _CMP_GT_OQ)
#define v_pick(m, a, b) _mm256_blendv_ps(b, a, m)
#define i_zero _mm256_setzero_si256
#define i_load(p) _mm256_loadu_si256((const __m256i *)(p))
#define i_store(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define i_set _mm256_set1_epi32
#define i_float _mm256_cvtepi32_ps
#define q8_start(shift) ((void)(shift), _mm256_setzero_si256()) /* its keys keep their signs */
#define q8_key i_load

/* 12 sums at most, and what is fewer of rows and vectors. A row that comes alone takes a whole line of a block. */
#define TILE_WIDTH(rows) ((rows) == 1 ? 8 : (rows) <= 3 ? 4 : 2)
#define Q8_WIDTH(rows) 1

/* The first `left` lanes. */
static inline __m256i first_lanes(int64_t left)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(left > 8 ? 8 : (int32_t)left), lanes);
}

static inline V v_first(const float *p, int64_t left)
{
    return left >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, first_lanes(left));
}

static inline void v_store_first(float *p, int64_t left, V v)
{
    if (left >= 8)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(left), v);
}

static inline V v_low(V v, int64_t left)
{
    const V low = _mm256_set1_ps(-__builtin_inff());
    return left >= 8 ? v : _mm256_blendv_ps(low, v, _mm256_castsi256_ps(first_lanes(left)));
}

static inline float v_top(V v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

static inline float v_total(const V *v)
{
    const __m256 both = _mm256_add_ps(v[0], v[1]);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* What 1.5 * 2^23 is added to is rounded to a whole number, which the sum's low bits have as an integer. */
#define ROUND 0x1.8p23f

static inline V v_round(V x)
{
    return _mm256_sub_ps(_mm256_add_ps(x, _mm256_set1_ps(ROUND)), _mm256_set1_ps(ROUND));
}

static inline V v_power(V whole)
{
    const __m256 exponent = _mm256_add_ps(whole, _mm256_set1_ps(ROUND + 127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(exponent), 23));
}

static inline V v_keep(V x, V v)
{
    return _mm256_andnot_ps(_mm256_cmp_ps(x, _mm256_set1_ps(-126.0f), _CMP_LT_OQ), v);
}

static inline V v_raise(V x, V p, V whole)
{
    return v_keep(x, _mm256_mul_ps(p, v_power(whole)));
}

static inline V v_half(const uint16_t *h)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)h));
}

static inline I i_bytes(const char *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static inline X x_pair(const char *p)
{
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return _mm256_set1_epi32(pair);
}

/* By the intrinsic gcc 12 keeps sums on the stack. */
static inline void i_dot(I *sum, I lanes, X x)
{
    __asm__("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(_mm256_madd_epi16(lanes, x)));
}

/* Two products of at most 127 * 127 fit 16 bits. */
static inline I q8_dot(I sum, I key, I four)
{
    const I products = _mm256_maddubs_epi16(_mm256_abs_epi8(key), _mm256_sign_epi8(four, key));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
}

static inline void store_whole(int16_t *to, const V *v)
{
    const I both = _mm256_packs_epi32(_mm256_cvtps_epi32(v[0]), _mm256_cvtps_epi32(v[1]));
    _mm256_storeu_si256((__m256i *)to, _mm256_permute4x64_epi64(both, 0xd8));
}

#include "engine/kernels/layer-lanes.h"

LAYER_TABLES(layer_avx2, layer_avx2_q8, "avx2");
