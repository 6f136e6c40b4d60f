/* The sampler: arithmetic over the vocabulary, written for the compiler to vectorise, and the likeliest without sorting.
 *
 * The likeliest k are found by a heap that skips stretches without a large enough logit, other sets by selection. */
#include "config.h"

#include "engine/sampler.h"

#include <math.h>

enum { STRETCH = 64 }; /* logits looked at together */

/* ---- arithmetic ------------------------------------------------------------------------------------------------- */

float sampler_largest(const float *x, int32_t n)
{
    float lanes[16];
    for (int j = 0; j < 16; j++)
        lanes[j] = -INFINITY;
    int32_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int j = 0; j < 16; j++)
            lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
    for (; i < n; i++)
        lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
    for (int j = 1; j < 16; j++)
        lanes[0] = lanes[j] > lanes[0] ? lanes[j] : lanes[0];
    return lanes[0];
}

struct moments sampler_moments(const float *x, int32_t n, float max)
{
    struct moments m = {0};
    int32_t i = 0;
    for (; i + STRETCH <= n; i += STRETCH) {
        float sums[16] = {0}, weighted[16] = {0};
        for (int part = 0; part < STRETCH; part += 16)
            for (int j = 0; j < 16; j++) {
                float d = x[i + part + j] - max, e = sampler_exponential(d);
                sums[j] += e;
                weighted[j] += e * (d < -87.0f ? 0.0f : d);
            }
        for (int j = 0; j < 16; j++) {
            m.sum += sums[j];
            m.weighted += weighted[j];
        }
    }
    for (; i < n; i++) {
        float d = x[i] - max, e = sampler_exponential(d);
        m.sum += e;
        m.weighted += e * (d < -87.0f ? 0.0f : d);
    }
    return m;
}

double sampler_entropy_of(struct moments m)
{
    double entropy = log(m.sum) - m.weighted / m.sum;
    return entropy > 0 ? entropy : 0;
}

double sampler_deviation(const float *x, int32_t n, float max)
{
    double sum = 0, squares = 0;
    int32_t finite = 0;
    for (int32_t i = 0; i < n; i++) {
        bool is = x[i] > -INFINITY;
        double d = is ? (double)x[i] - (double)max : 0;
        finite += is;
        sum += d;
        squares += d * d;
    }
    double mean = finite > 0 ? sum / finite : 0, variance = finite > 0 ? squares / finite - mean * mean : 0;
    return variance > 0 ? sqrt(variance) : 0;
}

/* ---- the likeliest ---------------------------------------------------------------------------------------------- */

bool sampler_before(const float *x, int32_t a, int32_t b)
{
    return x[a] > x[b] || (x[a] == x[b] && a < b);
}

/* Puts the heap in order from position at down; the last in order is on top. */
static void sift(const float *x, int32_t *heap, int32_t n, int32_t at)
{
    for (int32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && sampler_before(x, heap[child], heap[child + 1]))
            child++;
        if (!sampler_before(x, heap[at], heap[child]))
            return;
        int32_t moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

void sampler_likeliest(const float *x, int32_t n, int32_t k, int32_t *heap)
{
    for (int32_t i = 0; i < k; i++)
        heap[i] = i;
    for (int32_t i = k / 2 - 1; i >= 0; i--)
        sift(x, heap, k, i);
    for (int32_t start = k; start < n; start += STRETCH) {
        int32_t end = n - start < STRETCH ? n : start + STRETCH;
        if (sampler_largest(x + start, end - start) <= x[heap[0]])
            continue;
        for (int32_t i = start; i < end; i++)
            if (x[i] > x[heap[0]]) {
                heap[0] = i;
                sift(x, heap, k, 0);
            }
    }
}

int32_t sampler_likeliest_one(const float *x, int32_t n)
{
    float max = sampler_largest(x, n);
    for (int32_t i = 0; i < n; i++)
        if (x[i] == max)
            return i;
    return 0;
}

int32_t sampler_rank_of(const float *x, int32_t n, int32_t id)
{
    int32_t rank = 1;
    float at = x[id];
    for (int32_t i = 0; i < id; i++)
        rank += x[i] >= at;
    for (int32_t i = id + 1; i < n; i++)
        rank += x[i] > at;
    return rank;
}

/* Quickselect by weight. */
int32_t sampler_select_mass(const float *keys, const float *weights, int32_t *order, int32_t n, double target)
{
    int32_t low = 0, high = n;
    double sum = 0;
    while (high - low > 1) {
        int32_t pivot = order[low + (high - low) / 2], split = low;
        double part = 0;
        order[low + (high - low) / 2] = order[high - 1];
        for (int32_t i = low; i < high - 1; i++)
            if (sampler_before(keys, order[i], pivot)) {
                int32_t moved = order[i];
                order[i] = order[split];
                order[split++] = moved;
                part += weights[moved];
            }
        order[high - 1] = order[split];
        order[split] = pivot;
        if (sum + part >= target && split > low) {
            high = split;
        } else {
            sum += part;
            if (sum + weights[pivot] >= target)
                return split + 1;
            sum += weights[pivot];
            low = split + 1;
        }
    }
    return low < n ? low + 1 : n;
}
