/* The sampler: arithmetic over the vocabulary, and the likeliest without sorting.
 *
 * The likeliest k are found by a heap that skips stretches without a large enough logit, other sets by selection. */
#include "config.h"

#include "engine/sample/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- arithmetic ------------------------------------------------------------------------------------------------- */

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
static void heap_sift(const float *x, int32_t *heap, int32_t n, int32_t at)
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

void sampler_likeliest(const struct sampler *s, const float *x, int32_t k, int32_t *heap)
{
    int32_t n = s->vocab;
    for (int32_t i = 0; i < k; i++)
        heap[i] = i;
    for (int32_t i = k / 2 - 1; i >= 0; i--)
        heap_sift(x, heap, k, i);
    for (int32_t at = k; (at = s->scan->beyond(x, n, at, x[heap[0]])) < n; at += SCAN_STRETCH) {
        int32_t end = n - at < SCAN_STRETCH ? n : at + SCAN_STRETCH;
        for (int32_t i = at; i < end; i++)
            if (x[i] > x[heap[0]]) {
                heap[0] = i;
                heap_sift(x, heap, k, 0);
            }
    }
}

int32_t sampler_likeliest_one(const struct sampler *s, const float *x)
{
    float max = s->scan->largest(x, s->vocab);
    for (int32_t i = 0; i < s->vocab; i++)
        if (x[i] == max)
            return i;
    return 0;
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
