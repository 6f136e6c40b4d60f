/* Costs: what batches of a few tokens take on this machine with this model, as they were measured. A runner has one, for all
 * of its sessions.
 *
 * The time of a size is the least of the last few, since what others do on the machine only adds to them; one that was not
 * measured for long is forgotten, so that it is tried again. */
#ifndef PALAVER_ENGINE_RUN_COSTS_H
#define PALAVER_ENGINE_RUN_COSTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    COSTS_MOST = 16, /* tokens of a batch */
    COSTS_TIMES = 4, /* that are kept of a size */
};

/* Zeros at first. */
struct costs {
    double times[COSTS_MOST + 1][COSTS_TIMES]; /* by tokens; 0: none */
    uint64_t measured[COSTS_MOST + 1];         /* at which batch last */
    uint64_t batches;
};

/* A batch of 1 to COSTS_MOST tokens took so long. */
void costs_measure(struct costs *c, int32_t tokens, double seconds);
/* Whether batches of this size were measured. */
bool costs_known(const struct costs *c, int32_t tokens);
/* What a batch takes, in times of one of `base` tokens, which is known and not larger. What is not known is drawn between
 * sizes that are. */
double costs_of(const struct costs *c, int32_t tokens, int32_t base);

#endif
