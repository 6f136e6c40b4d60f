/* Attention: who computes which rows, and the merging of spans. The arithmetic is in kernels/layer.h's tables. */
#include "engine/run/attention.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/kernels/layer.h"
#include "engine/kernels/tensor.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"

enum {
    TILE_ROWS = 48, /* query rows (positions times heads of a group) of one piece of work, if a group allows */
    FILL_RUN = 32,  /* positions that one thread puts into the cache at a time */
};

/* Rows of queries with what their spans gave. */
struct rows {
    float *queries, *out; /* (rows, padded) */
    float *max, *sum;     /* (rows) */
};

struct scratch {
    struct rows tile;  /* (tile_rows) */
    struct rows later; /* the span at hand, to be merged into tile; its queries are unused */
    int32_t *visible;  /* (tile_rows) */
    float *key;        /* (padded) */
    char *packed;      /* (tile_rows, query_bytes): the tile's queries as the kernel takes them; NULL: as they are */
    float *paired;     /* (padded): a head in pairs */
};

/* Rows of the batch that follow each other in one sequence. */
struct stretch {
    int32_t first, n;
};

struct attention {
    struct pool *pool;
    const struct layer_kernels *kernels;
    int32_t heads, kv_heads, group;
    int32_t head_width, padded;
    const struct batch_row *rows; /* (n): the batch at hand */
    int32_t n;
    struct stretch *tiles, *fills; /* (most rows): the same rows cut into pieces of work */
    int32_t n_tiles, n_fills;
    int32_t tile_positions, tile_rows;
    size_t query_bytes; /* of a query as the kernel takes it */
    float scale;        /* log2(e) / sqrt(head_width) */
    int32_t threads;
    struct scratch *scratch; /* (threads) */
    struct rows partial;     /* (kv_heads, spans, group): single positions; queries unused */
    atomic_int *spans_done;  /* (kv_heads) */
};

/* rows * width floats at a cache line's start; NULL when out of memory. */
static float *floats(size_t rows, size_t width)
{
    size_t size = (rows * width * sizeof(float) + 63) / 64 * 64;
    float *at = aligned_alloc(64, size > 0 ? size : 64);
    if (at != NULL)
        memset(at, 0, size);
    return at;
}

static bool rows_init(struct rows *r, size_t rows, size_t padded, bool queries)
{
    r->queries = queries ? floats(rows, padded) : NULL;
    r->out = floats(rows, padded);
    r->max = floats(rows, 1);
    r->sum = floats(rows, 1);
    return (r->queries != NULL || !queries) && r->out != NULL && r->max != NULL && r->sum != NULL;
}

static void rows_free(struct rows *r)
{
    free(r->queries);
    free(r->out);
    free(r->max);
    free(r->sum);
}

static bool scratch_init(struct scratch *s, size_t rows, size_t padded)
{
    s->visible = calloc(rows, sizeof *s->visible);
    s->key = floats(1, padded);
    s->paired = floats(1, padded);
    bool tile = rows_init(&s->tile, rows, padded, true), later = rows_init(&s->later, rows, padded, false);
    return tile && later && s->visible != NULL && s->key != NULL && s->paired != NULL;
}

static int32_t padded_width(int32_t head_width)
{
    return (head_width + KV_LANES - 1) / KV_LANES * KV_LANES;
}

static int32_t tile_positions(const struct attention_shape *shape)
{
    const int32_t group = shape->heads / shape->kv_heads;
    return group > TILE_ROWS ? 1 : TILE_ROWS / group;
}

static bool packed_init(const struct attention *a, struct scratch *s)
{
    if (a->kernels->pack != NULL)
        s->packed = (char *)floats((size_t)a->tile_rows, a->query_bytes / sizeof(float));
    return a->kernels->pack == NULL || s->packed != NULL;
}

static bool allocate(struct attention *a, const struct attention_shape *shape)
{
    const size_t spans = (size_t)(shape->positions + KV_SPAN - 1) / KV_SPAN, padded = (size_t)a->padded;
    a->scratch = calloc((size_t)a->threads, sizeof *a->scratch);
    a->spans_done = calloc((size_t)a->kv_heads, sizeof *a->spans_done);
    a->tiles = calloc((size_t)shape->rows, sizeof *a->tiles);
    a->fills = calloc((size_t)shape->rows, sizeof *a->fills);
    bool ok = a->scratch != NULL && a->spans_done != NULL && a->tiles != NULL && a->fills != NULL &&
              rows_init(&a->partial, (size_t)a->heads * spans, padded, false);
    for (int32_t i = 0; ok && i < a->threads; i++)
        ok = scratch_init(&a->scratch[i], (size_t)a->tile_rows, padded) && packed_init(a, &a->scratch[i]);
    return ok;
}

struct attention *attention_new(struct pool *pool, const struct layer_kernels *kernels,
                                const struct attention_shape *shape, struct error *err)
{
    struct attention *a = calloc(1, sizeof *a);
    if (a != NULL) {
        *a = (struct attention){.pool = pool,
                                .kernels = kernels,
                                .heads = shape->heads,
                                .kv_heads = shape->kv_heads,
                                .group = shape->heads / shape->kv_heads,
                                .head_width = shape->head_width,
                                .padded = padded_width(shape->head_width),
                                .threads = pool_threads(pool)};
        a->tile_positions = tile_positions(shape);
        a->tile_rows = a->tile_positions * a->group;
        a->query_bytes = layer_query_bytes(kernels->cache, shape->head_width);
        a->scale = (float)(1.4426950408889634 / sqrt((double)shape->head_width));
        if (allocate(a, shape))
            return a;
    }
    error_set(err, ERR_MEMORY, "no memory for attention; ask for a shorter context with --ctx");
    attention_free(a);
    return NULL;
}

uint64_t attention_bytes(const struct attention_shape *shape, int32_t threads)
{
    const uint64_t padded = (uint64_t)padded_width(shape->head_width);
    const uint64_t rows = (uint64_t)tile_positions(shape) * (uint64_t)(shape->heads / shape->kv_heads);
    const uint64_t packed = shape->cache == KV_F32 ? 0 : layer_query_bytes(shape->cache, shape->head_width);
    return (uint64_t)threads * ((rows * (3 * padded + 5) + 2 * padded) * sizeof(float) + rows * packed);
}

void attention_free(struct attention *a)
{
    if (a == NULL)
        return;
    for (int32_t i = 0; a->scratch != NULL && i < a->threads; i++) {
        rows_free(&a->scratch[i].tile);
        rows_free(&a->scratch[i].later);
        free(a->scratch[i].visible);
        free(a->scratch[i].key);
        free(a->scratch[i].packed);
        free(a->scratch[i].paired);
    }
    rows_free(&a->partial);
    free(a->scratch);
    free(a->spans_done);
    free(a->tiles);
    free(a->fills);
    free(a);
}

/* ---- the batch -------------------------------------------------------------------------------------------------- */

/* Cuts the batch into stretches of at most `most` rows; aligned: none across a position that is a multiple of `most`.
 * Returns how many. */
static int32_t cut_rows(const struct batch_row *rows, int32_t n, int32_t most, bool aligned, struct stretch *out)
{
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        bool follows = i > 0 && rows[i].kv == rows[i - 1].kv && rows[i].position == rows[i - 1].position + 1;
        if (!follows || out[count - 1].n == most || (aligned && rows[i].position % most == 0))
            out[count++] = (struct stretch){i, 0};
        out[count - 1].n++;
    }
    return count;
}

void attention_begin(struct attention *a, const struct batch_row *rows, int32_t n)
{
    a->rows = rows;
    a->n = n;
    a->n_tiles = cut_rows(rows, n, a->tile_positions, false, a->tiles);
    a->n_fills = cut_rows(rows, n, FILL_RUN, true, a->fills);
}

/* ---- pieces of work --------------------------------------------------------------------------------------------- */

/* One head's elements, those that are turned together side by side: as they are, or brought there. */
static const float *pair_up(const struct attention *a, const float *head, enum row_order order, int32_t turned,
                            float *paired)
{
    if (order == ROWS_PAIRED)
        return head;
    const int32_t half = turned / 2;
    for (int32_t i = 0; i < half; i++) {
        paired[2 * i] = head[i];
        paired[2 * i + 1] = head[i + half];
    }
    memcpy(paired + turned, head + turned, (size_t)(a->head_width - turned) * sizeof *head);
    return paired;
}

/* Row i's key and value of one head go into the cache. */
static void fill_row(struct attention *a, const struct attention_job *job, int32_t head, int32_t i, struct scratch *s)
{
    const size_t width = (size_t)a->head_width, at = (size_t)i * job->kv_stride + (size_t)head * width;
    const struct kv *kv = a->rows[i].kv;
    const int32_t position = a->rows[i].position;
    const float *key = pair_up(a, job->k + at, job->k_order, job->turned, s->paired);
    a->kernels->rotate(key, job->turn + (size_t)i * 2 * width, 1.0f, s->key, width);
    a->kernels->store(s->key, job->v + at, kv_keys(kv, job->layer, head, position),
                      kv_values(kv, job->layer, head, position), position % KV_BLOCK, a->head_width, a->padded);
}

/* Turned and scaled queries of rows first..first+n for all heads of the group, position by position. */
static void load_queries(struct attention *a, const struct attention_job *job, int32_t head, int32_t first, int32_t n,
                         struct scratch *s)
{
    float *queries = s->tile.queries;
    char *packed = s->packed;
    const size_t width = (size_t)a->head_width, padded = (size_t)a->padded;
    for (int32_t i = first; i < first + n; i++)
        for (int32_t g = 0; g < a->group; g++, queries += padded) {
            const float *q = job->q + (size_t)i * job->q_stride + (size_t)(head * a->group + g) * width;
            q = pair_up(a, q, job->q_order, job->turned, s->paired);
            a->kernels->rotate(q, job->turn + (size_t)i * 2 * width, a->scale, queries, width);
            if (packed == NULL)
                continue;
            a->kernels->pack(queries, packed, a->head_width);
            packed += a->query_bytes;
        }
}

/* By vectors of KV_LANES, for which `to` may have no room at the end. */
static void scale_row(const float *restrict from, float scale, float *restrict to, size_t width)
{
    size_t c = 0;
    for (; c + KV_LANES <= width; c += KV_LANES)
        for (size_t j = c; j < c + KV_LANES; j++)
            to[j] = from[j] * scale;
    for (; c < width; c++)
        to[c] = from[c] * scale;
}

static void write_row(struct attention *a, const struct attention_job *job, int32_t i, int32_t query_head, float sum,
                      const float *from)
{
    const size_t width = (size_t)a->head_width;
    scale_row(from, 1.0f / sum, job->out + (size_t)i * job->q_stride + (size_t)query_head * width, width);
}

/* Runs the kernel on the span of a sequence that begins at position `start`, for rows [skip, rows) of the tile. */
static void run_span(struct attention *a, const struct kv *kv, int32_t layer, int32_t head, int32_t start, int32_t skip,
                     int32_t rows, const struct scratch *s, const struct rows *result, size_t result_row)
{
    const size_t head_at = (size_t)layer * kv->layer_size + (size_t)head * kv->head_size;
    const size_t padded = (size_t)a->padded;
    const char *queries = s->packed != NULL ? s->packed : (const char *)s->tile.queries;
    const struct layer_span span = {
        .blocks = (const char *const *)kv->blocks + start / KV_BLOCK,
        .keys = head_at,
        .values = head_at + kv->keys_size,
        .head_width = a->head_width,
        .padded = a->padded,
        .rows = rows - skip,
        .queries = queries + (size_t)skip * a->query_bytes,
        .visible = s->visible + skip,
        .max = result->max + result_row + skip,
        .sum = result->sum + result_row + skip,
        .out = result->out + (result_row + (size_t)skip) * padded,
    };
    a->kernels->span(&span);
}

/* Rows first..first+n of the batch, which follow each other in one sequence, for one key head, span after span. */
static void run_tile(struct attention *a, const struct attention_job *job, int32_t head, int32_t first, int32_t n,
                     struct scratch *s)
{
    const size_t padded = (size_t)a->padded;
    const struct batch_row *row = &a->rows[first];
    const int32_t rows = n * a->group, last = row->position + n - 1;
    load_queries(a, job, head, first, n, s);
    for (int32_t start = 0; start <= last; start += KV_SPAN) {
        int32_t skip = 0; /* rows before this span begins */
        for (int32_t r = 0; r < rows; r++) {
            int32_t seen = row->position + r / a->group + 1 - start;
            s->visible[r] = seen < KV_SPAN ? seen : KV_SPAN;
            skip += seen <= 0;
        }
        const struct rows *result = start == 0 ? &s->tile : &s->later;
        run_span(a, row->kv, job->layer, head, start, skip, rows, s, result, 0);
        for (int32_t r = skip; start > 0 && r < rows; r++)
            a->kernels->merge(&s->tile.max[r], &s->tile.sum[r], s->tile.out + (size_t)r * padded, s->later.max[r],
                              s->later.sum[r], s->later.out + (size_t)r * padded, a->padded);
    }
    for (int32_t r = 0; r < rows; r++)
        write_row(a, job, first + r / a->group, head * a->group + r % a->group, s->tile.sum[r],
                  s->tile.out + (size_t)r * padded);
}

/* Merges the spans of one key head's group into the first and writes it out. */
static void merge_spans(struct attention *a, const struct attention_job *job, int32_t head, size_t row, int32_t spans)
{
    const size_t padded = (size_t)a->padded;
    const struct rows *p = &a->partial;
    for (int32_t g = 0; g < a->group; g++) {
        const size_t to = row + (size_t)g;
        for (int32_t i = 1; i < spans; i++) {
            size_t from = to + (size_t)i * (size_t)a->group;
            a->kernels->merge(&p->max[to], &p->sum[to], p->out + to * padded, p->max[from], p->sum[from],
                              p->out + from * padded, a->padded);
        }
        write_row(a, job, 0, head * a->group + g, p->sum[to], p->out + to * padded);
    }
}

/* A batch of one position: one span of one key head. */
static void run_single(struct attention *a, const struct attention_job *job, int32_t head, int32_t span, int32_t spans,
                       struct scratch *s)
{
    const int32_t seen = a->rows[0].position + 1 - span * KV_SPAN;
    const size_t row = (size_t)head * (size_t)spans * (size_t)a->group;
    if (span == spans - 1)
        fill_row(a, job, head, 0, s);
    load_queries(a, job, head, 0, 1, s);
    for (int32_t g = 0; g < a->group; g++)
        s->visible[g] = seen < KV_SPAN ? seen : KV_SPAN;
    run_span(a, a->rows[0].kv, job->layer, head, span * KV_SPAN, 0, a->group, s, &a->partial,
             row + (size_t)span * (size_t)a->group);
    if (atomic_fetch_add_explicit(&a->spans_done[head], 1, memory_order_acq_rel) + 1 < spans)
        return;
    atomic_store_explicit(&a->spans_done[head], 0, memory_order_relaxed);
    merge_spans(a, job, head, row, spans);
}

/* Positions whose keys share a cache line are written by one thread. */
static void fill_all(struct attention *a, const struct attention_job *job, struct scratch *s)
{
    const uint32_t heads = (uint32_t)a->kv_heads;
    for (uint32_t i; (i = pool_take(a->pool)) < (uint32_t)a->n_fills * heads;) {
        const struct stretch *run = &a->fills[i / heads];
        for (int32_t row = run->first; row < run->first + run->n; row++)
            fill_row(a, job, (int32_t)(i % heads), row, s);
    }
}

void attention_run(struct attention *a, const struct attention_job *job, int32_t thread)
{
    struct scratch *s = &a->scratch[thread];
    if (a->n == 1 && job->first == 0) {
        const uint32_t spans = (uint32_t)(a->rows[0].position / KV_SPAN) + 1;
        for (uint32_t i; (i = pool_take(a->pool)) < spans * (uint32_t)a->kv_heads;)
            run_single(a, job, (int32_t)(i / spans), (int32_t)(spans - 1 - i % spans), (int32_t)spans, s);
        return;
    }
    fill_all(a, job, s);
    if (job->first == a->n)
        return;
    pool_barrier(a->pool, thread);
    /* The last rows see the most keys: they go first, so that no thread is left alone with much work. */
    const uint32_t heads = (uint32_t)a->kv_heads;
    for (uint32_t i; (i = pool_take(a->pool)) < (uint32_t)a->n_tiles * heads;) {
        const struct stretch *tile = &a->tiles[(uint32_t)a->n_tiles - 1 - i / heads];
        const int32_t first = tile->first > job->first ? tile->first : job->first, end = tile->first + tile->n;
        if (first < end)
            run_tile(a, job, (int32_t)(i % heads), first, end - first, s);
    }
}
