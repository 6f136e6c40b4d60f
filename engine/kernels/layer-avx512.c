/* Layer kernels for AVX-512 (F, BW, DQ, VL). A lane is a key while scores are made and a column of the head while
 * values are added, so nothing is summed across lanes but the weights themselves. Tiles of four rows, with a
 * cache in 8 bits of eight, share each load. */
#include <immintrin.h>

#include "engine/kernels/layer-q8.h"
#include "engine/kernels/layer.h"

enum { ROWS = 4, ROWS_Q8 = 8, QUADS = KV_BLOCK / 16 };

static inline __m512 load_half(const uint16_t *h)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)h));
}

/* 2^x within 2 ulp, 0 below -126; see exp2_lane in layer-portable.c. */
static inline __m512 exp2_16(__m512 x)
{
    const __m512 low = _mm512_set1_ps(-126.0f);
    __mmask16 normal = _mm512_cmp_ps_mask(x, low, _CMP_NLT_UQ);
    x = _mm512_max_ps(low, _mm512_min_ps(_mm512_set1_ps(128.0f), x));
    __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 f = _mm512_sub_ps(x, whole);
    __m512 p = _mm512_set1_ps(0x1.41fb8ep-13f);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.5f3e54p-10f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.3b2d4ep-7f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.c6aee8p-5f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.ebfbdcp-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0x1.62e430p-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
    __m512i power = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(whole), _mm512_set1_epi32(127)), 23);
    return _mm512_maskz_mul_ps(normal, p, _mm512_castsi512_ps(power));
}

static inline float exp2_1(float x)
{
    return _mm512_cvtss_f32(exp2_16(_mm512_set1_ps(x)));
}

/* In halves, as sum_lanes in layer-portable.c. */
static inline float sum_16(__m512 v)
{
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

static inline __mmask16 tail_mask(size_t left)
{
    return left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
}

static void norm(float *x, const float *add, const float *weight, float *out, size_t n, float epsilon)
{
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail_mask(n - i);
        __m512 v = _mm512_maskz_loadu_ps(m, x + i);
        if (add != NULL) {
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(m, add + i));
            _mm512_mask_storeu_ps(x + i, m, v);
        }
        sum = _mm512_fmadd_ps(v, v, sum);
    }
    __m128 mean = _mm_set_ss(sum_16(sum) / (float)n + epsilon);
    __m512 scale = _mm512_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(mean)));
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail_mask(n - i);
        __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), scale);
        _mm512_mask_storeu_ps(out + i, m, _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, weight + i)));
    }
}

static void gate(float *g, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail_mask(n - i);
        __m512 x = _mm512_maskz_loadu_ps(m, g + i);
        __m512 e = exp2_16(_mm512_mul_ps(x, _mm512_set1_ps(-0x1.715476p+0f)));
        __m512 y = _mm512_div_ps(x, _mm512_add_ps(e, _mm512_set1_ps(1.0f)));
        _mm512_mask_storeu_ps(g + i, m, _mm512_mul_ps(y, _mm512_maskz_loadu_ps(m, up + i)));
    }
}

static void rotate(const float *x, const float *turn, float scale, float *out, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail_mask(n - i);
        __m512 v = _mm512_maskz_loadu_ps(m, x + i), swapped = _mm512_permute_ps(v, 0xb1);
        __m512 y = _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, turn + i));
        y = _mm512_fmadd_ps(swapped, _mm512_maskz_loadu_ps(m, turn + n + i), y);
        _mm512_mask_storeu_ps(out + i, m, _mm512_mul_ps(y, _mm512_set1_ps(scale)));
    }
}

static void store(const float *key, const float *value, void *keys, void *values, int32_t at, int32_t head_width,
                  int32_t padded)
{
    uint16_t *k = (uint16_t *)keys + at, *v = (uint16_t *)values + (size_t)at * (size_t)padded;
    for (int32_t i = 0; i < head_width; i += 16) {
        uint16_t column[16];
        __mmask16 m = tail_mask((size_t)(head_width - i));
        __m256i half = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(m, value + i), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256((__m256i *)(v + i), half);
        half = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(m, key + i), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256((__m256i *)column, half);
        for (int32_t c = 0; c < 16 && i + c < head_width; c++)
            k[(i + c) * KV_BLOCK] = column[c];
    }
}

/* Scores of `rows` queries against the KV_BLOCK keys of a block. */
static inline __attribute__((always_inline)) void score_rows(const int rows, const struct layer_span *s, const float *q,
                                                             const uint16_t *keys, float *scores)
{
    __m512 sums[ROWS][QUADS];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < QUADS; c++)
            sums[r][c] = _mm512_setzero_ps();
    for (int32_t i = 0; i < s->head_width; i++) {
        __m512 k[QUADS];
#pragma GCC unroll 4
        for (int c = 0; c < QUADS; c++)
            k[c] = load_half(keys + i * KV_BLOCK + c * 16);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            __m512 x = _mm512_set1_ps(q[(size_t)r * (size_t)s->padded + (size_t)i]);
#pragma GCC unroll 4
            for (int c = 0; c < QUADS; c++)
                sums[r][c] = _mm512_fmadd_ps(x, k[c], sums[r][c]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < QUADS; c++)
            _mm512_storeu_ps(scores + r * KV_BLOCK + c * 16, sums[r][c]);
}

/* Turns scores into weights 2^(score - max) with the new max, 0 beyond seen; returns the factor that ages what was
 * summed before. */
static inline float weigh(float *scores, int32_t seen, float *max, float *sum)
{
    __m512 v[QUADS], low = _mm512_set1_ps(-__builtin_inff());
#pragma GCC unroll 4
    for (int c = 0; c < QUADS; c++) {
        int32_t left = seen - c * 16;
        v[c] = _mm512_mask_loadu_ps(low, left <= 0 ? 0 : tail_mask((size_t)left), scores + c * 16);
    }
    __m512 top16 = _mm512_max_ps(_mm512_max_ps(v[0], v[1]), _mm512_max_ps(v[2], v[3]));
    float before = *max, top = _mm512_reduce_max_ps(top16);
    top = top > before ? top : before;
#pragma GCC unroll 4
    for (int c = 0; c < QUADS; c++) {
        v[c] = exp2_16(_mm512_sub_ps(v[c], _mm512_set1_ps(top)));
        _mm512_storeu_ps(scores + c * 16, v[c]);
    }
    float total = sum_16(_mm512_add_ps(_mm512_add_ps(v[0], v[1]), _mm512_add_ps(v[2], v[3])));
    float age = exp2_1(before - top);
    *max = top;
    *sum = *sum * age + total;
    return age;
}

/* out = out * age + weights × values for columns of 16 * width, width at most 4. */
static inline __attribute__((always_inline)) void add_columns(const int rows, const int width, int32_t padded,
                                                              const float *weights, int32_t seen, const float *age,
                                                              const uint16_t *values, float *out)
{
    __m512 sums[ROWS][4];
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < width; c++) {
            __m512 o = _mm512_loadu_ps(out + (size_t)r * (size_t)padded + c * 16);
            sums[r][c] = _mm512_mul_ps(o, _mm512_set1_ps(age[r]));
        }
    for (int32_t j = 0; j < seen; j++, values += padded) {
        __m512 v[4];
#pragma GCC unroll 4
        for (int c = 0; c < width; c++)
            v[c] = load_half(values + c * 16);
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) {
            __m512 w = _mm512_set1_ps(weights[r * KV_BLOCK + j]);
#pragma GCC unroll 4
            for (int c = 0; c < width; c++)
                sums[r][c] = _mm512_fmadd_ps(w, v[c], sums[r][c]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < width; c++)
            _mm512_storeu_ps(out + (size_t)r * (size_t)padded + c * 16, sums[r][c]);
}

static inline __attribute__((always_inline)) void block_rows(const int rows, const struct layer_span *s, int32_t row,
                                                             int32_t block)
{
    float scores[ROWS * KV_BLOCK], age[ROWS];
    const int32_t first = block * KV_BLOCK, most = s->visible[row + rows - 1] - first;
    const size_t offset = (size_t)row * (size_t)s->padded;
    score_rows(rows, s, (const float *)s->queries + offset, (const uint16_t *)(s->blocks[block] + s->keys), scores);
    for (int r = 0; r < rows; r++) {
        int32_t seen = s->visible[row + r] - first;
        age[r] = weigh(scores + r * KV_BLOCK, seen, &s->max[row + r], &s->sum[row + r]);
    }
    const uint16_t *values = (const uint16_t *)(s->blocks[block] + s->values);
    int32_t seen = most < KV_BLOCK ? most : KV_BLOCK, c = 0;
    for (; c + 64 <= s->padded; c += 64)
        add_columns(rows, 4, s->padded, scores, seen, age, values + c, s->out + offset + c);
    for (; c < s->padded; c += 16)
        add_columns(rows, 1, s->padded, scores, seen, age, values + c, s->out + offset + c);
}

static void clear(const struct layer_span *s)
{
    for (int32_t r = 0; r < s->rows; r++) {
        s->max[r] = -__builtin_inff();
        s->sum[r] = 0;
        for (int32_t i = 0; i < s->padded; i += 16)
            _mm512_storeu_ps(s->out + (size_t)r * (size_t)s->padded + i, _mm512_setzero_ps());
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
            case 1: block_rows(1, s, r, b); break;
            case 2: block_rows(2, s, r, b); break;
            case 3: block_rows(3, s, r, b); break;
            default: block_rows(4, s, r, b); break;
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

/* How many vectors of sums so many rows have at once. */
static inline __attribute__((always_inline)) int tile_width(const int rows)
{
    return rows > 4 ? 2 : 4;
}

/* Adds one group's part to the scores of `rows` queries, which stand `groups` apart, against 16 * width keys. */
static inline __attribute__((always_inline)) void score_group(const int rows, const int width, const struct q8_query *q,
                                                              size_t groups, const char *keys, const uint16_t *scales,
                                                              float *scores)
{
    const __m512i sign = _mm512_set1_epi8((char)0x80);
    __m512i sums[ROWS_Q8][QUADS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < width; c++)
            sums[r][c] = _mm512_set1_epi32(q[(size_t)r * groups].shift);
    for (int f = 0; f < Q8_FOURS; f++) {
        __m512i k[QUADS];
#pragma GCC unroll 4
        for (int c = 0; c < width; c++)
            k[c] = _mm512_xor_si512(_mm512_loadu_si512(keys + (f * KV_BLOCK + c * 16) * 4), sign);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, q[(size_t)r * groups].at + 4 * f, sizeof four);
            const __m512i x = _mm512_set1_epi32(four);
#pragma GCC unroll 4
            for (int c = 0; c < width; c++)
                sums[r][c] = _mm512_dpbusd_epi32(sums[r][c], k[c], x);
        }
    }
#pragma GCC unroll 4
    for (int c = 0; c < width; c++) {
        const __m512 scale = load_half(scales + c * 16);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(q[(size_t)r * groups].scale));
            float *at = scores + r * KV_BLOCK + c * 16;
            _mm512_storeu_ps(at, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][c]), both, _mm512_loadu_ps(at)));
        }
    }
}

/* Scores of `rows` queries, and what they weigh. */
static inline __attribute__((always_inline)) void weigh_rows_q8(const int rows, const struct layer_span *s, int32_t row,
                                                                int32_t block, float *scores, float *age)
{
    const size_t groups = q8_groups(s->head_width), bytes = q8_bytes(s->head_width);
    const char *keys = s->blocks[block] + s->keys;
    const struct q8_query *q = (const struct q8_query *)s->queries + (size_t)row * groups;
    const int width = tile_width(rows);
    memset(scores, 0, (size_t)rows * KV_BLOCK * sizeof *scores);
    for (size_t g = 0; g < groups; g++)
        for (size_t at = 0; at < KV_BLOCK; at += 16 * (size_t)width)
            score_group(rows, width, q + g, groups, keys + g * Q8_GROUP * KV_BLOCK + 4 * at,
                        (const uint16_t *)(keys + bytes) + g * KV_BLOCK + at, scores + at);
    for (int r = 0; r < rows; r++)
        age[r] =
            weigh(scores + r * KV_BLOCK, s->visible[row + r] - block * KV_BLOCK, &s->max[row + r], &s->sum[row + r]);
}

/* A group's part of a block: the values' scales, and its columns, `width` vectors of them. */
struct value_group {
    const char *values; /* of the block's first position; as many bytes as `step` further the next */
    size_t step;
    int32_t width;
    float scales[KV_BLOCK];
};

/* Columns [0, 16 * width) of one group, width 1 or 2: as add_columns. */
static inline __attribute__((always_inline)) void add_group(const int rows, const int width, int32_t padded,
                                                            const float *weights, int32_t seen, const float *age,
                                                            const struct value_group *g, float *out)
{
    const char *values = g->values;
    float scaled[ROWS_Q8 * KV_BLOCK];
    for (int i = 0; i < rows * KV_BLOCK; i += 16)
        _mm512_storeu_ps(scaled + i,
                         _mm512_mul_ps(_mm512_loadu_ps(weights + i), _mm512_loadu_ps(g->scales + i % KV_BLOCK)));
    __m512 sums[ROWS_Q8][2];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < width; c++) {
            __m512 o = _mm512_loadu_ps(out + (size_t)r * (size_t)padded + c * 16);
            sums[r][c] = _mm512_mul_ps(o, _mm512_set1_ps(age[r]));
        }
    for (int32_t j = 0; j < seen; j++, values += g->step) {
        __m512 v[2];
#pragma GCC unroll 2
        for (int c = 0; c < width; c++)
            v[c] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(values + c * 16))));
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (int c = 0; c < width; c++)
                sums[r][c] = _mm512_fmadd_ps(_mm512_set1_ps(scaled[r * KV_BLOCK + j]), v[c], sums[r][c]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < width; c++)
            _mm512_storeu_ps(out + (size_t)r * (size_t)padded + c * 16, sums[r][c]);
}

static inline __attribute__((always_inline)) void add_rows_q8(const int rows, const struct layer_span *s, int32_t row,
                                                              int32_t block, const float *weights, const float *age,
                                                              const struct value_group *g, float *out)
{
    const int32_t most = s->visible[row + rows - 1] - block * KV_BLOCK, seen = most < KV_BLOCK ? most : KV_BLOCK;
    if (g->width == 2)
        add_group(rows, 2, s->padded, weights, seen, age, g, out);
    else
        add_group(rows, 1, s->padded, weights, seen, age, g, out);
}

static void load_values(const struct layer_span *s, int32_t block, size_t g, struct value_group *to)
{
    const size_t groups = q8_groups(s->head_width);
    const char *values = s->blocks[block] + s->values;
    const uint16_t *scales = (const uint16_t *)(values + q8_bytes(s->head_width)) + g;
    uint16_t halves[KV_BLOCK];
    for (size_t j = 0; j < KV_BLOCK; j++)
        halves[j] = scales[j * groups];
    for (int c = 0; c < KV_BLOCK; c += 16)
        _mm512_storeu_ps(to->scales + c, load_half(halves + c));
    to->values = values + g * Q8_GROUP;
    to->step = groups * Q8_GROUP;
    to->width = g * Q8_GROUP + Q8_GROUP <= (size_t)s->padded ? 2 : 1;
}

/* Rows of the next tile of so many that are left: each count that is not a power of two would be a kernel of its own. */
static inline int32_t tile_rows(int32_t left)
{
    return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* Spells a call out for each such count, so that the sums live in registers. */
#define FOR_ROWS(rows, call) \
    switch (rows) { \
    case 1: call(1); break; \
    case 2: call(2); break; \
    case 4: call(4); break; \
    default: call(8); break; \
    }

enum { MANY_ROWS = 32 }; /* that share a group's scales */

/* Rows [row, row + n) with one block, n at most MANY_ROWS. */
static void block_q8(const struct layer_span *s, int32_t row, int32_t n, int32_t block)
{
    float scores[MANY_ROWS * KV_BLOCK], age[MANY_ROWS];
    for (int32_t r = 0, rows; r < n; r += rows) {
        rows = tile_rows(n - r);
#define CALL(ROWS_) weigh_rows_q8(ROWS_, s, row + r, block, scores + r * KV_BLOCK, age + r)
        FOR_ROWS(rows, CALL)
#undef CALL
    }
    for (size_t g = 0; g < q8_groups(s->head_width); g++) {
        struct value_group values;
        load_values(s, block, g, &values);
        for (int32_t r = 0, rows; r < n; r += rows) {
            float *out = s->out + (size_t)(row + r) * (size_t)s->padded + g * Q8_GROUP;
            rows = tile_rows(n - r);
#define CALL(ROWS_) add_rows_q8(ROWS_, s, row + r, block, scores + r * KV_BLOCK, age + r, &values, out)
            FOR_ROWS(rows, CALL)
#undef CALL
        }
    }
}

static void span_q8(const struct layer_span *s)
{
    clear(s);
    const int32_t blocks = (s->visible[s->rows - 1] + KV_BLOCK - 1) / KV_BLOCK;
    for (int32_t b = 0; b < blocks; b++) {
        int32_t row = 0; /* the first that sees the block */
        while (s->visible[row] <= b * KV_BLOCK)
            row++;
        for (int32_t n; row < s->rows; row += n) {
            n = s->rows - row < MANY_ROWS ? s->rows - row : MANY_ROWS;
            block_q8(s, row, n, b);
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
    for (int32_t i = 0; i < padded; i += 16) {
        __m512 o = _mm512_mul_ps(_mm512_loadu_ps(out + i), _mm512_set1_ps(a));
        o = _mm512_fmadd_ps(_mm512_loadu_ps(later + i), _mm512_set1_ps(b), o);
        _mm512_storeu_ps(out + i, o);
    }
}

const struct layer_kernels layer_avx512 = {
    .name = "avx512",
    .cache = KV_F16,
    .norm = norm,
    .gate = gate,
    .rotate = rotate,
    .store = store,
    .span = span,
    .merge = merge,
};

const struct layer_kernels layer_avx512_q8 = {
    .name = "avx512",
    .cache = KV_Q8_0,
    .norm = norm,
    .gate = gate,
    .rotate = rotate,
    .store = store_q8,
    .pack = pack_query,
    .span = span_q8,
    .merge = merge,
};
