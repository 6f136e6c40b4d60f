/* Reading weights that do not fit into memory from disk, in the order in which they are used.
 *
 * Every token passes through all products of a model, in the same order. Of such a round the kernel would keep nothing:
 * it drops what was not used for longest, which is what comes next. So the choice is made here. Some products, spread
 * evenly over the round, stay in memory, as many as fit; the others are asked of the disk before they are used, and
 * their memory is given back afterwards. Nothing is locked: when other programs need the memory, the kernel takes it,
 * and the weights are read from disk more often. */
#ifndef PALAVER_ENGINE_RUN_STREAM_H
#define PALAVER_ENGINE_RUN_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/plan.h"

struct stream;

/* The model must outlive the stream. NULL when out of memory. */
struct stream *stream_new(const struct model *m, const struct plan_room *room, struct error *err);
void stream_free(struct stream *s);
/* The product of these weights begins, and all before it are done. Takes milliseconds; called by one thread at a time. */
void stream_reach(void *stream, const struct tensor *weights);
/* Bytes that a round reads from disk. */
uint64_t stream_round_bytes(const struct stream *s);
struct plan_products stream_products(const struct model *m);

#endif
