/* Layer kernels for AVX2 with FMA and F16C. A lane is a key while scores are made and a column of the head while values
 * are added. Tiles of four rows share each load; a row that comes alone takes more columns at once instead, which
 * changes no sum's order. */
#include <immintrin.h>

#include "engine/kernels/layer-q8.h"
#include "engine/kernels/layer.h"

enum { ROWS = 4, EIGHTS = KV_BLOCK / 8 };

static inline __m256 load_half(const uint16_t *h)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)h));
}

/* 2^x within 2 ulp, 0 below -126; see exp2_lane in layer-portable.c. */
static inline __m256 exp2_8(__m256 x)
{
    const __m256 low = _mm256_set1_ps(-126.0f);
    __m256 tiny = _mm256_cmp_ps(x, low, _CMP_LT_OQ);
    x = _mm256_max_ps(low, _mm256_min_ps(_mm256_set1_ps(128.0f), x));
    __m256 whole = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 f = _mm256_sub_ps(x, whole);
    __m256 p = _mm256_set1_ps(0x1.41fb8ep-13f);
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.5f3e54p-10f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.3b2d4ep-7f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.c6aee8p-5f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.ebfbdcp-3f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(0x1.62e430p-1f));
    p = _mm256_fmadd_ps(p, f, _mm256_set1_ps(1.0f));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127)), 23);
    return _mm256_andnot_ps(tiny, _mm256_mul_ps(p, _mm256_castsi256_ps(power)));
}

static inline float exp2_1(float x)
{
    return _mm256_cvtss_f32(exp2_8(_mm256_set1_ps(x)));
}

static inline float sum_8(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline float max_8(__m256 v)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/* The first `left` lanes, none when it is negative. */
static inline __m256i tail_mask(int64_t left)
{
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(left > 8 ? 8 : (int32_t)left), lanes);
}

/* The first `left` lanes of p, 0 in the others. */
static inline __m256 load(const float *p, int64_t left)
{
    return left >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, tail_mask(left));
}

static inline void store_first(float *p, int64_t left, __m256 v)
{
    if (left >= 8)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, tail_mask(left), v);
}

/* Adds `left` numbers of add (NULL: none) to x, at most 8; returns sum plus their squares. */
static inline __m256 add_squares(float *x, const float *add, int64_t left, __m256 sum)
{
    __m256 v = load(x, left);
    if (add != NULL) {
        v = _mm256_add_ps(v, load(add, left));
        store_first(x, left, v);
    }
    return _mm256_fmadd_ps(v, v, sum);
}

static void norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    const int64_t end = (int64_t)n;
    __m256 low = _mm256_setzero_ps(), high = low; /* lanes 0 to 7, 8 to 15 */
    for (int64_t i = 0; i < end; i += 16) {
        low = add_squares(x + i, add != NULL ? add + i : NULL, end - i, low);
        if (end - i > 8)
            high = add_squares(x + i + 8, add != NULL ? add + i + 8 : NULL, end - i - 8, high);
    }
    __m128 mean = _mm_set_ss(sum_8(_mm256_add_ps(low, high)) / (float)n + epsilon);
    __m256 scale = _mm256_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(mean)));
    for (int64_t i = 0; i < end; i += 8) {
        __m256 v = _mm256_mul_ps(load(x + i, end - i), scale);
        store_first(out + i, end - i, _mm256_mul_ps(v, load(weight + i, end - i)));
    }
}

static void gate(float *g, const float *up, size_t n)
{
    const int64_t end = (int64_t)n;
    for (int64_t i = 0; i < end; i += 8) {
        __m256 x = load(g + i, end - i);
        __m256 e = exp2_8(_mm256_mul_ps(x, _mm256_set1_ps(-0x1.715476p+0f)));
        __m256 y = _mm256_div_ps(x, _mm256_add_ps(e, _mm256_set1_ps(1.0f)));
        store_first(g + i, end - i, _mm256_mul_ps(y, load(up + i, end - i)));
    }
}

static void rotate(const float *x, const float *turn, float scale, float *out, size_t n)
{
    const int64_t end = (int64_t)n;
    for (int64_t i = 0; i < end; i += 8) {
        __m256 v = load(x + i, end - i), swapped = _mm256_permute_ps(v, 0xb1);
        __m256 y = _mm256_mul_ps(v, load(turn + i, end - i));
        y = _mm256_fmadd_ps(swapped, load(turn + n + i, end - i), y);
        store_first(out + i, end - i, _mm256_mul_ps(y, _mm256_set1_ps(scale)));
    }
}

static void store(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                  int32_t padded)
{
    uint16_t *k = (uint16_t *)keys + at, *v = (uint16_t *)values + (size_t)at * (size_t)padded;
    for (int32_t i = 0; i < head_width; i += 8) {
        uint16_t column[8];
        const int64_t left = head_width - i;
        __m128i half = _mm256_cvtps_ph(load(value + i, left), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(v + i), half);
        half = _mm256_cvtps_ph(load(key + i, left), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)column, half);
        for (int32_t c = 0; c < 8 && i + c < head_width; c++)
            k[(i + c) * KV_BLOCK] = column[c];
    }
}

/* Scores of `rows` queries against 8 * width keys; width * rows at most 8 sums. */
static inline __attribute__((always_inline)) void score_tile(const int rows, const int width,
                                                             const struct layer_span *s, const float *q,
                                                             const uint16_t *keys, float *scores)
{
    __m256 sums[ROWS][8];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            sums[r][c] = _mm256_setzero_ps();
    for (int32_t i = 0; i < s->head_width; i++) {
        __m256 x[ROWS];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            x[r] = _mm256_set1_ps(q[(size_t)r * (size_t)s->padded + (size_t)i]);
#pragma GCC unroll 8
        for (int c = 0; c < width; c++) {
            __m256 k = load_half(keys + i * KV_BLOCK + c * 8);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                sums[r][c] = _mm256_fmadd_ps(x[r], k, sums[r][c]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            _mm256_storeu_ps(scores + r * KV_BLOCK + c * 8, sums[r][c]);
}

/* Turns scores into weights 2^(score - max) with the new max, 0 beyond seen; returns the factor that ages what was
 * summed before. */
static inline float weigh(float *scores, int32_t seen, float *max, float *sum)
{
    const __m256 low = _mm256_set1_ps(-__builtin_inff());
    __m256 v[EIGHTS], top8 = low;
#pragma GCC unroll 8
    for (int c = 0; c < EIGHTS; c++) {
        __m256 m = _mm256_castsi256_ps(tail_mask(seen - c * 8));
        v[c] = _mm256_blendv_ps(low, _mm256_loadu_ps(scores + c * 8), m);
        top8 = _mm256_max_ps(top8, v[c]);
    }
    float before = *max, top = max_8(top8);
    top = top > before ? top : before;
#pragma GCC unroll 8
    for (int c = 0; c < EIGHTS; c++) {
        v[c] = exp2_8(_mm256_sub_ps(v[c], _mm256_set1_ps(top)));
        _mm256_storeu_ps(scores + c * 8, v[c]);
    }
    __m256 even = _mm256_add_ps(_mm256_add_ps(v[0], v[2]), _mm256_add_ps(v[4], v[6])); /* lanes 0 to 7 of 16 */
    __m256 odd = _mm256_add_ps(_mm256_add_ps(v[1], v[3]), _mm256_add_ps(v[5], v[7]));
    float age = exp2_1(before - top);
    *max = top;
    *sum = *sum * age + sum_8(_mm256_add_ps(even, odd));
    return age;
}

/* out = out * age + weights × values for columns of 8 * width; width * rows at most 8 sums. */
static inline __attribute__((always_inline)) void add_columns(const int rows, const int width, int32_t padded,
                                                              const float *weights, int32_t seen, const float *age,
                                                              const uint16_t *values, float *out)
{
    __m256 sums[ROWS][8];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++) {
            __m256 o = _mm256_loadu_ps(out + (size_t)r * (size_t)padded + c * 8);
            sums[r][c] = _mm256_mul_ps(o, _mm256_set1_ps(age[r]));
        }
    for (int32_t j = 0; j < seen; j++, values += padded) {
        __m256 w[ROWS];
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++)
            w[r] = _mm256_set1_ps(weights[r * KV_BLOCK + j]);
#pragma GCC unroll 8
        for (int c = 0; c < width; c++) {
            __m256 v = load_half(values + c * 8);
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                sums[r][c] = _mm256_fmadd_ps(w[r], v, sums[r][c]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int c = 0; c < width; c++)
            _mm256_storeu_ps(out + (size_t)r * (size_t)padded + c * 8, sums[r][c]);
}

static inline __attribute__((always_inline)) void block_rows(const int rows, const int width,
                                                             const struct layer_span *s, int32_t row, int32_t block)
{
    float scores[ROWS * KV_BLOCK], age[ROWS];
    const int32_t first = block * KV_BLOCK, most = s->visible[row + rows - 1] - first;
    const size_t offset = (size_t)row * (size_t)s->padded;
    const uint16_t *keys = (const uint16_t *)(s->blocks[block] + s->keys);
    const uint16_t *values = (const uint16_t *)(s->blocks[block] + s->values);
    for (int c = 0; c < EIGHTS; c += width)
        score_tile(rows, width, s, (const float *)s->queries + offset, keys + c * 8, scores + c * 8);
    for (int r = 0; r < rows; r++) {
        int32_t seen = s->visible[row + r] - first;
        age[r] = weigh(scores + r * KV_BLOCK, seen, &s->max[row + r], &s->sum[row + r]);
    }
    int32_t seen = most < KV_BLOCK ? most : KV_BLOCK, c = 0;
    for (; c + 8 * width <= s->padded; c += 8 * width)
        add_columns(rows, width, s->padded, scores, seen, age, values + c, s->out + offset + c);
    for (; c < s->padded; c += 16)
        add_columns(rows, 2, s->padded, scores, seen, age, values + c, s->out + offset + c);
}

static void clear(const struct layer_span *s)
{
    for (int32_t r = 0; r < s->rows; r++) {
        s->max[r] = -__builtin_inff();
        s->sum[r] = 0;
        for (int32_t i = 0; i < s->padded; i += 8)
            _mm256_storeu_ps(s->out + (size_t)r * (size_t)s->padded + i, _mm256_setzero_ps());
    }
}

static void span(const struct layer_span *s)
{
    clear(s);
    const int32_t blocks = (s->visible[s->rows - 1] + KV_BLOCK - 1) / KV_BLOCK;
    for (int32_t b = 0; b < blocks; b++)
        for (int32_t r = 0; r < s->rows; r += ROWS) {
            const int32_t rows = s->rows - r < ROWS ? s->rows - r : ROWS;
            if (s->visible[r + rows - 1] <= b * KV_BLOCK)
                continue;
            switch (rows) {
            case 1: block_rows(1, 8, s, r, b); break;
            case 2: block_rows(2, 4, s, r, b); break;
            case 3: block_rows(3, 2, s, r, b); break;
            default: block_rows(4, 2, s, r, b); break;
            }
        }
}

/* ---- 8 bits ----------------------------------------------------------------------------------------------------- */

static void store_q8(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                     int32_t padded)
{
    (void)padded;
    q8_store(key, value, keys, values, at, head_width);
}

static void pack_query(const float *query, void *packed, int32_t head_width)
{
    q8_query(query, packed, head_width);
}

/* Adds one group's part to the scores of `rows` queries against 8 keys. Two products of at most 127 * 127 fit 16 bits. */
static inline __attribute__((always_inline)) void score_group(const int rows, const struct q8_query *q, size_t groups,
                                                              const char *keys, const uint16_t *scales, float *scores)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sums[ROWS];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
        sums[r] = _mm256_setzero_si256();
    for (int f = 0; f < Q8_FOURS; f++) {
        const __m256i k = _mm256_loadu_si256((const __m256i *)(keys + f * KV_BLOCK * 4)), size = _mm256_abs_epi8(k);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q[(size_t)r * groups].at + 4 * f, sizeof four);
            const __m256i x = _mm256_sign_epi8(_mm256_set1_epi32(four), k);
            sums[r] = _mm256_add_epi32(sums[r], _mm256_madd_epi16(_mm256_maddubs_epi16(size, x), ones));
        }
    }
    const __m256 scale = load_half(scales);
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) {
        const __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(q[(size_t)r * groups].scale));
        float *at = scores + r * KV_BLOCK;
        _mm256_storeu_ps(at, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[r]), both, _mm256_loadu_ps(at)));
    }
}

/* Weights of `rows` queries times the scales of one group of values, which stand `groups` apart. */
static inline __attribute__((always_inline)) void scale_weights(const int rows, const float *weights, int32_t seen,
                                                                const uint16_t *scales, size_t groups, float *scaled)
{
    uint16_t halves[KV_BLOCK] = {0};
    for (int32_t j = 0; j < seen; j++)
        halves[j] = scales[(size_t)j * groups];
    for (int c = 0; c < KV_BLOCK; c += 8) {
        const __m256 scale = load_half(halves + c);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            const __m256 w = _mm256_loadu_ps(weights + r * KV_BLOCK + c);
            _mm256_storeu_ps(scaled + r * KV_BLOCK + c, _mm256_mul_ps(w, scale));
        }
    }
}

/* Columns [0, 16) of a half of a group, with scaled weights: as add_columns. */
static inline __attribute__((always_inline)) void add_half_group(const int rows, const struct layer_span *s,
                                                                 const float *weights, int32_t seen, const float *age,
                                                                 const char *values, size_t step, float *out)
{
    __m256 sums[ROWS][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < 2; c++) {
            __m256 o = _mm256_loadu_ps(out + (size_t)r * (size_t)s->padded + c * 8);
            sums[r][c] = _mm256_mul_ps(o, _mm256_set1_ps(age[r]));
        }
    for (int32_t j = 0; j < seen; j++, values += step) {
        const __m128i both = _mm_loadu_si128((const __m128i *)values);
        const __m256 v[2] = {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(both)),
                             _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(both, 8)))};
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            const __m256 w = _mm256_set1_ps(weights[r * KV_BLOCK + j]);
            sums[r][0] = _mm256_fmadd_ps(w, v[0], sums[r][0]);
            sums[r][1] = _mm256_fmadd_ps(w, v[1], sums[r][1]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < 2; c++)
            _mm256_storeu_ps(out + (size_t)r * (size_t)s->padded + c * 8, sums[r][c]);
}

static inline __attribute__((always_inline)) void block_rows_q8(const int rows, const struct layer_span *s, int32_t row,
                                                                int32_t block)
{
    float scores[ROWS * KV_BLOCK] = {0}, age[ROWS];
    const int32_t first = block * KV_BLOCK, most = s->visible[row + rows - 1] - first;
    const size_t groups = q8_groups(s->head_width), bytes = q8_bytes(s->head_width);
    const char *keys = s->blocks[block] + s->keys, *values = s->blocks[block] + s->values;
    const struct q8_query *q = (const struct q8_query *)s->queries + (size_t)row * groups;
    for (size_t g = 0; g < groups; g++)
        for (int c = 0; c < EIGHTS; c++)
            score_group(rows, q + g, groups, keys + g * Q8_GROUP * KV_BLOCK + (size_t)c * 8 * 4,
                        (const uint16_t *)(keys + bytes) + g * KV_BLOCK + c * 8, scores + c * 8);
    for (int r = 0; r < rows; r++)
        age[r] = weigh(scores + r * KV_BLOCK, s->visible[row + r] - first, &s->max[row + r], &s->sum[row + r]);
    const int32_t seen = most < KV_BLOCK ? most : KV_BLOCK;
    float scaled[ROWS * KV_BLOCK];
    for (int32_t c = 0; c < s->padded; c += 16) {
        if (c % Q8_GROUP == 0)
            scale_weights(rows, scores, seen, (const uint16_t *)(values + bytes) + c / Q8_GROUP, groups, scaled);
        add_half_group(rows, s, scaled, seen, age, values + c, groups * Q8_GROUP,
                       s->out + (size_t)row * (size_t)s->padded + c);
    }
}

static void span_q8(const struct layer_span *s)
{
    clear(s);
    const int32_t blocks = (s->visible[s->rows - 1] + KV_BLOCK - 1) / KV_BLOCK;
    for (int32_t b = 0; b < blocks; b++)
        for (int32_t r = 0; r < s->rows; r += ROWS) {
            const int32_t rows = s->rows - r < ROWS ? s->rows - r : ROWS;
            if (s->visible[r + rows - 1] <= b * KV_BLOCK)
                continue;
            switch (rows) {
            case 1: block_rows_q8(1, s, r, b); break;
            case 2: block_rows_q8(2, s, r, b); break;
            case 3: block_rows_q8(3, s, r, b); break;
            default: block_rows_q8(4, s, r, b); break;
            }
        }
}

static void merge(float *max, float *sum, float *out, float later_max, float later_sum, const float *later,
                  int32_t padded)
{
    float top = *max > later_max ? *max : later_max;
    float a = exp2_1(*max - top), b = exp2_1(later_max - top);
    *max = top;
    *sum = *sum * a + later_sum * b;
    for (int32_t i = 0; i < padded; i += 8) {
        __m256 o = _mm256_mul_ps(_mm256_loadu_ps(out + i), _mm256_set1_ps(a));
        o = _mm256_fmadd_ps(_mm256_loadu_ps(later + i), _mm256_set1_ps(b), o);
        _mm256_storeu_ps(out + i, o);
    }
}

const struct layer_kernels layer_avx2 = {
    .name = "avx2",
    .cache = KV_F16,
    .norm = norm,
    .gate = gate,
    .rotate = rotate,
    .store = store,
    .span = span,
    .merge = merge,
};

const struct layer_kernels layer_avx2_q8 = {
    .name = "avx2",
    .cache = KV_Q8_0,
    .norm = norm,
    .gate = gate,
    .rotate = rotate,
    .store = store_q8,
    .pack = pack_query,
    .span = span_q8,
    .merge = merge,
};
