/* How the frequencies of RoPE are stretched for contexts longer than a model was trained with.
 *
 * Linear (Chen et al. 2023, arXiv:2306.15595), YaRN (Peng et al. 2023, arXiv:2309.00071) and dynamic NTK scaling, each as
 * transformers computes it (modeling_rope_utils.py). Dynamic scaling there takes the length of the text so far for a
 * position; here a position's own place is that length, as when tokens come one after another, so that a prompt gives the
 * same bits in whatever batches it is read. */
#ifndef PALAVER_ENGINE_MODEL_ROPE_SCALING_H
#define PALAVER_ENGINE_MODEL_ROPE_SCALING_H

#include <stdbool.h>
#include <stdint.h>

enum rope_kind { ROPE_NONE, ROPE_LINEAR, ROPE_YARN, ROPE_DYNAMIC, ROPE_LLAMA3 };

struct rope_scaling {
    enum rope_kind kind;
    double base;                 /* above 0 */
    double factor;               /* by which the context is stretched, above 0 */
    double attention;            /* YaRN: by which cosines and sines are multiplied beside its own factor; usually 1 */
    double beta_fast, beta_slow; /* YaRN: turns in the trained context from which on, and up to which, it stretches */
    int32_t pairs;               /* elements turned, halved */
    int32_t trained;             /* YaRN, dynamic: the context before stretching, above 0 */
};

/* Writes the frequencies of the pairs, (pairs), radians a position. Llama 3's factors are not among them. */
void rope_frequencies(const struct rope_scaling *r, float *out);
/* The frequency of one pair at a position of a model with dynamic scaling. */
float rope_dynamic_frequency(const struct rope_scaling *r, int32_t position, int32_t pair);
/* By what cosines and sines are multiplied. */
float rope_attention_factor(const struct rope_scaling *r);
/* "none", "linear", "yarn" and so on, as metadata and --help spell them. */
const char *rope_kind_name(enum rope_kind kind);
/* false when no kind is named so; name has size bytes. */
bool rope_kind_parse(const char *name, uint64_t size, enum rope_kind *kind);

#endif
