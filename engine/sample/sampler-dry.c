/* The sampler: DRY, "don't repeat yourself" (by p-e-w, text-generation-webui pull request 5637, 2024).
 *
 * A token that would make the end of the text repeat an earlier stretch of at least dry_allowed_length tokens loses
 * dry_multiplier * dry_base^(length - dry_allowed_length). A stretch ends at a token that breaks sequences, and such a
 * token is never made less likely. */
#include "config.h"

#include "engine/sample/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LONGEST = 64 };                  /* longer repetitions count as this */
static const double PENALTY_MOST = 1e9; /* larger ones would leave no number */

static bool breaks(const struct sampler *s, int32_t id)
{
    return id < 0 || id >= s->vocab || s->breaks[id];
}

/* How many tokens before position `at` are those at the end, in order; at most `most`. */
static uint16_t repeated(const int32_t *previous, size_t n, size_t at, uint16_t most)
{
    uint16_t length = 0;
    while (length < most && length < at && previous[at - 1 - length] == previous[n - 1 - length])
        length++;
    return length;
}

void sampler_discourage(struct sampler *s, const struct sampling *set, const int32_t *previous, size_t n)
{
    uint16_t most = 0;
    if (set->dry_multiplier == 0.0f)
        return;
    while (most < LONGEST && most < n && !breaks(s, previous[n - 1 - most]))
        most++;
    if (most == 0)
        return;
    for (size_t at = 1; at < n; at++) {
        uint16_t length = repeated(previous, n, at, most);
        if (!breaks(s, previous[at]) && length > s->counts[previous[at]])
            s->counts[previous[at]] = length;
    }
    for (size_t at = 1; at < n; at++) {
        int32_t id = previous[at];
        if (breaks(s, id))
            continue;
        int32_t over = s->counts[id] - set->dry_allowed_length;
        if (s->counts[id] > 0 && over >= 0)
            s->logits[id] -= (float)fmin((double)set->dry_multiplier * pow((double)set->dry_base, over), PENALTY_MOST);
        s->counts[id] = 0;
    }
}
