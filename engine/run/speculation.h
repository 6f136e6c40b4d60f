/* Speculation: guesses of the next tokens from what was said, and whether to evaluate them together with the last one.
 *
 * A batch of a few tokens costs little more than one where reading the weights is what takes the time. A guess comes from
 * the place in the conversation, or in what models have written for this user before, that ends as the conversation does
 * now. It is kept as long as it is what is chosen anyway: the sampler chooses each token from the same logits by the same
 * random number as without, so that nothing else can come of it than without, at any temperature.
 *
 * How long a guess may be depends on how often guesses with so long a match came true, which is counted for every token,
 * guessed or not, and on what batches were measured to cost on this machine. */
#ifndef PALAVER_ENGINE_RUN_SPECULATION_H
#define PALAVER_ENGINE_RUN_SPECULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/costs.h"
#include "engine/run/suffix.h"

enum { SPECULATION_MOST = COSTS_MOST - 1 }; /* tokens of a guess */

struct speculation;

/* history may be NULL; it and costs are the caller's. A text has at most `context` tokens. NULL on failure. */
struct speculation *speculation_new(enum speculate mode, int32_t context, const struct suffix *history,
                                    const struct costs *costs, struct error *err);
void speculation_free(struct speculation *s);
/* The text is ids[0..n) now, most of which it may have been before. */
void speculation_begin(struct speculation *s, const int32_t *ids, size_t n);
/* The text has got one more token. */
void speculation_append(struct speculation *s, int32_t id);
/* Writes what may follow, at most `room` tokens, as many as are worth evaluating; returns how many. */
int32_t speculation_guess(const struct speculation *s, int32_t room, int32_t out[SPECULATION_MOST]);
/* The same for a text that is evaluated beside others. The batch has `rows` tokens by now, this text's own among them, and
 * `made` of them are expected to be of use; both grow by the guess. */
struct speculation_batch {
    int32_t rows;
    double made;
};
int32_t speculation_guess_beside(const struct speculation *s, int32_t room, struct speculation_batch *b,
                                 int32_t out[SPECULATION_MOST]);

#endif
