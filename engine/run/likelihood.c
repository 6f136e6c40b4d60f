/* One pass for the largest logit and one for the sum, by the sampler's vectors; then one for the likeliest. */
#include <config.h>

#include "engine/run/likelihood.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/kernels/scan.h"

float likelihood_of(const struct likelihood *l, float logit)
{
    return (float)((double)logit - (double)l->top - l->log_sum);
}

/* Puts a logit where it belongs among the greatest so far; ids come in their order. */
static void insert(struct likelihood *l, int32_t most, int32_t id, float logit)
{
    int32_t at = l->n < most ? l->n++ : most - 1;
    for (; at > 0 && l->likely[at - 1].logp < logit; at--)
        l->likely[at] = l->likely[at - 1];
    l->likely[at] = (struct likely){id, logit};
}

void likelihood_read(const float *logits, int32_t vocab, int32_t most, struct likelihood *out)
{
    const struct scan_kernels *scan = scan_choose();
    out->top = scan->largest(logits, vocab);
    out->log_sum = log(scan->moments(logits, vocab, out->top).sum);
    out->finite = isfinite(out->top) && isfinite(out->log_sum);
    out->n = 0;
    for (int32_t id = 0; id < vocab && most > 0; id++)
        if (out->n < most || logits[id] > out->likely[most - 1].logp)
            insert(out, most, id, logits[id]);
    for (int32_t i = 0; i < out->n; i++)
        out->likely[i].logp = likelihood_of(out, out->likely[i].logp);
}
