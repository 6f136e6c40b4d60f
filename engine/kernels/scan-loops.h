/* The loops of scan.h, for each file that makes a table of them with its instruction set. */
#include <math.h>

#include "engine/kernels/scan.h"

static void clean(const float *restrict x, float *restrict out, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = x[i] == x[i] ? x[i] : -INFINITY;
}

static float largest(const float *x, int32_t n)
{
    float lanes[SCAN_LANES];
    for (int j = 0; j < SCAN_LANES; j++)
        lanes[j] = -INFINITY;
    int32_t i = 0;
    for (; i + SCAN_LANES <= n; i += SCAN_LANES)
        for (int j = 0; j < SCAN_LANES; j++)
            lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
    for (; i < n; i++)
        lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
    for (int j = 1; j < SCAN_LANES; j++)
        lanes[0] = lanes[j] > lanes[0] ? lanes[j] : lanes[0];
    return lanes[0];
}

/* Adds them up in pairs; in place. */
static inline float sum_stretch(float *x)
{
    for (int half = SCAN_STRETCH / 2; half >= SCAN_LANES; half /= 2)
        for (int j = 0; j < half; j++)
            x[j] += x[j + half];
    float sum = 0;
    for (int j = 0; j < SCAN_LANES; j++)
        sum += x[j];
    return sum;
}

/* d: differences to the maximum; in place. What chooses has its own loop, as compilers use vectors for the others
 * then. */
static inline void add_stretch(float *d, struct moments *m)
{
    float sums[SCAN_STRETCH];
    for (int j = 0; j < SCAN_STRETCH; j++)
        d[j] = d[j] > SCAN_LEAST ? d[j] : SCAN_LEAST;
    for (int j = 0; j < SCAN_STRETCH; j++) {
        sums[j] = scan_exponential_above(d[j]);
        d[j] *= sums[j]; /* 0 for the least */
    }
    m->sum += (double)sum_stretch(sums);
    m->weighted += (double)sum_stretch(d);
}

static struct moments moments(const float *x, int32_t n, float max)
{
    struct moments m = {0};
    float d[SCAN_STRETCH];
    int32_t i = 0;
    for (; i + SCAN_STRETCH <= n; i += SCAN_STRETCH) {
        for (int j = 0; j < SCAN_STRETCH; j++)
            d[j] = x[i + j] - max;
        add_stretch(d, &m);
    }
    for (int j = 0; j < SCAN_STRETCH; j++)
        d[j] = i + j < n ? x[i + j] - max : SCAN_LEAST;
    add_stretch(d, &m);
    return m;
}

static void divide(float *x, int32_t n, float by)
{
    for (int32_t i = 0; i < n; i++)
        x[i] /= by;
}

static int32_t rank(const float *x, int32_t n, int32_t id)
{
    int32_t before = 0;
    float at = x[id];
    for (int32_t i = 0; i < id; i++)
        before += x[i] >= at;
    for (int32_t i = id + 1; i < n; i++)
        before += x[i] > at;
    return before + 1;
}

static int32_t beyond(const float *x, int32_t n, int32_t start, float bound)
{
    for (; start + SCAN_STRETCH <= n; start += SCAN_STRETCH) {
        int32_t some = 0;
        for (int j = 0; j < SCAN_STRETCH; j++)
            some |= x[start + j] > bound;
        if (some != 0)
            return start;
    }
    for (int32_t i = start; i < n; i++)
        if (x[i] > bound)
            return start;
    return n;
}

#define SCAN_TABLE \
    { \
        clean, largest, moments, divide, rank, beyond \
    }
