/* Divergence: sums over the vocabulary, and what is told of all tokens. */
#include <config.h>

#include "app/commands/divergence.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "app/commands/reference.h"

bool divergence_init(struct divergence *d, size_t n)
{
    *d = (struct divergence){.room = n};
    d->each = malloc(n * sizeof *d->each);
    d->weights = malloc((REFERENCE_NONE + 1) * sizeof *d->weights);
    if (d->each == NULL || d->weights == NULL) {
        divergence_free(d);
        return false;
    }
    for (int32_t code = 0; code < REFERENCE_NONE; code++)
        d->weights[code] = exp(-code * REFERENCE_STEP);
    d->weights[REFERENCE_NONE] = 0;
    return true;
}

void divergence_free(struct divergence *d)
{
    free(d->each);
    free(d->weights);
    *d = (struct divergence){0};
}

/* The greatest of logits (n), the first among equals. */
static int32_t likeliest(const float *logits, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

/* Sum of p log(p/q). With p = w/W, where W is the sum of all w = e^-distance, and q = e^(logit - top) / Q, it is the sum
 * of w (top - logit - distance) / W, plus log Q - log W: no logarithm a token. */
static double divergence_of(const double *weights, const uint16_t *codes, const float *logits, int32_t n, float top)
{
    double whole = 0, theirs = 0, sum = 0;
    for (int32_t i = 0; i < n; i++) {
        const double w = weights[codes[i]], below = (double)top - (double)logits[i];
        whole += w;
        theirs += (double)expf(logits[i] - top);
        sum += w * (below - codes[i] * REFERENCE_STEP);
    }
    const double result = sum / whole + log(theirs) - log(whole);
    return result > 0 ? result : 0; /* below 0 by rounding alone */
}

void divergence_add(struct divergence *d, const struct reference_row *row, const float *logits, int32_t vocab,
                    float nll)
{
    const int32_t top = likeliest(logits, vocab);
    const double kl = divergence_of(d->weights, row->codes, logits, vocab, logits[top]);
    const double more = (double)nll - (double)row->nll;
    d->sum += kl;
    d->squares += kl * kl;
    d->nll_sum += more;
    d->nll_squares += more * more;
    d->same_top += top == row->top;
    d->each[d->n++] = (float)kl;
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Between the two values around it where it falls between them. */
static double quantile(const float *sorted, size_t n, double part)
{
    const double at = part * (double)(n - 1);
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return (double)sorted[below] + (at - (double)below) * ((double)sorted[above] - (double)sorted[below]);
}

struct estimate estimate_mean(double sum, double squares, size_t n)
{
    const double mean = sum / (double)n, variance = squares / (double)n - mean * mean;
    return (struct estimate){mean, n > 1 && variance > 0 ? sqrt(variance / (double)(n - 1)) : 0};
}

struct divergence_summary divergence_sum_up(struct divergence *d)
{
    qsort(d->each, d->n, sizeof *d->each, by_size);
    const struct estimate more = estimate_mean(d->nll_sum, d->nll_squares, d->n);
    const double ratio = exp(more.value), same = (double)d->same_top;
    return (struct divergence_summary){
        .mean = estimate_mean(d->sum, d->squares, d->n),
        .median = quantile(d->each, d->n, 0.5),
        .percentile_99 = quantile(d->each, d->n, 0.99),
        .greatest = (double)d->each[d->n - 1],
        .same_top = estimate_mean(same, same, d->n),
        .perplexity_ratio = {ratio, ratio * more.error},
    };
}
