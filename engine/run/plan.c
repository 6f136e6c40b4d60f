/* Plans: what a model takes of memory when its context is full, and what that means on this machine.
 *
 * Mapped weights need not fit. What does not is read from disk once for each token, so tokens come as fast as the disk
 * brings those bytes: computing is faster than any disk. What the process allocates must fit, or the system would swap,
 * or kill it. */
#include <config.h>

#include "engine/run/plan.h"

#include <stdint.h>

#include "engine/engine.h"

static const uint64_t MEGABYTE = UINT64_C(1) << 20;

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

uint64_t plan_reserve(uint64_t total)
{
    return clamp(total / 24, 16 * MEGABYTE, 512 * MEGABYTE);
}

struct plan_room plan_divide(uint64_t room, const struct plan_products *products)
{
    struct plan_room r = {.window = clamp(room / 32, 8 * MEGABYTE, 128 * MEGABYTE)};
    r.window = r.window > products->layer ? r.window : products->layer;
    const uint64_t passing = r.window + products->layer, with_output = products->output + passing;
    r.output = with_output <= room;
    if (r.output)
        r.resident = room - passing;
    else
        r.resident = less(room, r.window + (products->layer > products->output ? products->layer : products->output));
    return r;
}

uint64_t memory_plan_sum(const struct memory_plan *plan)
{
    return plan->weights + plan->cache + plan->buffers + plan->program;
}

static uint64_t room_beside(const struct memory_plan *p, uint64_t contexts)
{
    return less(p->available, contexts * p->cache + p->buffers + p->reserve);
}

enum memory_verdict memory_plan_beside(const struct memory_plan *p, uint64_t contexts)
{
    const uint64_t room = room_beside(p, contexts);
    if (p->available == 0 || p->weights <= room)
        return PLAN_FITS;
    return p->copied || room == 0 ? PLAN_TOO_LARGE : PLAN_STREAMS;
}

void plan_judge(struct memory_plan *p, const struct plan_products *products)
{
    p->reserve = plan_reserve(p->total);
    p->resident = p->weights;
    p->streamed = 0;
    p->tokens_per_second = 0;
    p->verdict = memory_plan_beside(p, 1);
    if (p->verdict == PLAN_FITS)
        return;
    p->resident = p->copied ? 0 : plan_divide(room_beside(p, 1), products).resident;
    p->streamed = p->weights - p->resident;
    if (p->verdict == PLAN_STREAMS)
        p->tokens_per_second = p->disk_rate / (double)p->streamed;
}
