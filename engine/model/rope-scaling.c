/* The arithmetic of RoPE's scaling; nothing here reads a file. */
#include "engine/model/rope-scaling.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {"none", "linear", "yarn", "dynamic", "llama3"};

const char *rope_kind_name(enum rope_kind kind)
{
    return names[kind];
}

bool rope_kind_parse(const char *name, uint64_t size, enum rope_kind *kind)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            *kind = (enum rope_kind)i;
            return true;
        }
    return false;
}

static double plain_frequency(double base, int32_t pair, int32_t pairs)
{
    return pow(base, -(double)pair / pairs);
}

/* The pair that turns so many times in the trained context. */
static double pair_with_turns(const struct rope_scaling *r, double turns)
{
    return 2.0 * r->pairs * log(r->trained / (turns * 2 * M_PI)) / (2 * log(r->base));
}

/* How much of a pair's frequency is stretched: 0 for fast ones, 1 for slow ones, a ramp between. */
static double stretched_part(const struct rope_scaling *r, int32_t pair)
{
    const double low = fmax(floor(pair_with_turns(r, r->beta_fast)), 0);
    double high = fmin(ceil(pair_with_turns(r, r->beta_slow)), 2.0 * r->pairs - 1);
    if (high == low)
        high += 0.001;
    return fmin(fmax((pair - low) / (high - low), 0), 1);
}

void rope_frequencies(const struct rope_scaling *r, float *out)
{
    for (int32_t i = 0; i < r->pairs; i++) {
        const double plain = plain_frequency(r->base, i, r->pairs);
        const double part = r->kind == ROPE_YARN ? stretched_part(r, i) : r->kind == ROPE_LINEAR ? 1 : 0;
        out[i] = (float)(plain / r->factor * part + plain * (1 - part));
    }
}

float rope_dynamic_frequency(const struct rope_scaling *r, int32_t position, int32_t pair)
{
    const double length = (double)position + 1, width = 2.0 * r->pairs;
    if (length <= r->trained || r->pairs < 2)
        return (float)plain_frequency(r->base, pair, r->pairs);
    const double stretch = r->factor * length / r->trained - (r->factor - 1);
    return (float)plain_frequency(r->base * pow(stretch, width / (width - 2)), pair, r->pairs);
}

float rope_attention_factor(const struct rope_scaling *r)
{
    if (r->kind != ROPE_YARN)
        return 1;
    return (float)(r->attention * (r->factor > 1 ? 0.1 * log(r->factor) + 1 : 1));
}
