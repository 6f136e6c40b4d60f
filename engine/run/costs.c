/* What batches cost. */
#include <config.h>

#include "engine/run/costs.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FORGET_AFTER = 256 }; /* batches */

static const double FIRST_SLOPE = 0.2; /* of one more token, before anything is known */

void costs_measure(struct costs *c, int32_t tokens, double seconds)
{
    memmove(c->times[tokens] + 1, c->times[tokens], (COSTS_TIMES - 1) * sizeof *c->times[tokens]);
    c->times[tokens][0] = seconds;
    c->measured[tokens] = ++c->batches;
    for (int32_t n = 2; n <= COSTS_MOST; n++)
        if (c->batches - c->measured[n] > FORGET_AFTER)
            memset(c->times[n], 0, sizeof c->times[n]);
}

/* 0: not known. */
static double known_time(const struct costs *c, int32_t tokens)
{
    double least = c->times[tokens][0];
    for (int i = 1; i < COSTS_TIMES; i++)
        if (c->times[tokens][i] > 0 && c->times[tokens][i] < least)
            least = c->times[tokens][i];
    return least;
}

bool costs_known(const struct costs *c, int32_t tokens)
{
    return known_time(c, tokens) > 0;
}

double costs_of(const struct costs *c, int32_t tokens, int32_t base)
{
    const double unit = known_time(c, base);
    int32_t below = tokens, above = tokens;
    while (below > base && known_time(c, below) == 0)
        below--;
    while (above < COSTS_MOST && known_time(c, above) == 0)
        above++;
    const double low = below > base ? known_time(c, below) / unit : 1, high = known_time(c, above) / unit;
    if (below == tokens)
        return low;
    if (high > 0)
        return low + (high - low) * (tokens - below) / (above - below);
    return low + (tokens - below) * (below > base ? (low - 1) / (below - base) : FIRST_SLOPE);
}
