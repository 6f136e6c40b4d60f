/* Divergence: how far a model's predictions are from a reference's.
 *
 * The measure is the Kullback-Leibler divergence of each token's prediction, in nats: 0 where both give every token the
 * same probability. Beside it: how often both find the same token the likeliest, and the ratio of their perplexities. */
#ifndef PALAVER_APP_COMMANDS_DIVERGENCE_H
#define PALAVER_APP_COMMANDS_DIVERGENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/commands/reference.h"

/* A mean with its standard error. */
struct estimate {
    double value, error;
};
/* Of n values, n > 0, by their sum and the sum of their squares. */
struct estimate estimate_mean(double sum, double squares, size_t n);

struct divergence {
    float *each; /* (n), room for `room` */
    size_t n, room;
    double sum, squares;         /* of each */
    double nll_sum, nll_squares; /* of the model's -log p minus the reference's */
    size_t same_top;
    double *weights; /* (65536): what a code stands for, as a multiple of the likeliest token's probability */
};

/* Room for n tokens. False when out of memory. */
bool divergence_init(struct divergence *d, size_t n);
void divergence_free(struct divergence *d);
/* Adds a token: the reference's row, the model's logits (vocab) and its -log p. */
void divergence_add(struct divergence *d, const struct reference_row *row, const float *logits, int32_t vocab,
                    float nll);

struct divergence_summary {
    struct estimate mean; /* nats, as the next three */
    double median, percentile_99, greatest;
    struct estimate same_top;         /* part of the tokens, 0 to 1 */
    struct estimate perplexity_ratio; /* the model's by the reference's */
};
/* Sums up; sorts d->each. d->n > 0. */
struct divergence_summary divergence_sum_up(struct divergence *d);

#endif
