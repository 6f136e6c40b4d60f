/* Internals of the runner: what computes a model, for sessions that take turns. session.c uses it, runner.c owns it. */
#ifndef PALAVER_ENGINE_RUN_RUNNER_H
#define PALAVER_ENGINE_RUN_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/attention.h"
#include "engine/run/costs.h"
#include "engine/run/forward.h"
#include "engine/run/pool.h"

enum { RUNNER_LOGITS = 32 }; /* rows whose logits are in memory at once */

struct runner {
    const struct model *model;
    struct pool *pool;
    struct forward *forward;
    int32_t context; /* of the longest session */
    int32_t batch;
    bool exact;
    struct batch_row *rows;  /* (batch): work space of the session whose turn it is */
    struct costs costs;      /* of small batches */
    float *logits;           /* (RUNNER_LOGITS, vocab): the same; NULL until runner_logits is called */
    struct memory_plan plan; /* as it was made when the runner was opened */
    struct stream *stream;   /* NULL when the weights fit into memory */
};

/* Makes sure that r->logits is there; false when out of memory. */
bool runner_logits(struct runner *r, struct error *err);
/* Whether ids[0..n) are in the vocabulary. */
bool runner_check_ids(const struct runner *r, const int32_t *ids, size_t n, struct error *err);
/* Says that the model computes what are no numbers, and what may be done about it. */
enum error_code runner_not_finite(const struct runner *r, struct error *err);

#endif
