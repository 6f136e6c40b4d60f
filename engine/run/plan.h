/* The arithmetic of memory plans. */
#ifndef PALAVER_ENGINE_RUN_PLAN_H
#define PALAVER_ENGINE_RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "engine/engine.h"

/* Left to the system and to other programs: page tables, the kernel's own, what they will ask for. */
uint64_t plan_reserve(uint64_t total);

/* How weights that do not fit are read: some stay in memory, the others pass through it. */
struct plan_room {
    uint64_t resident; /* bytes that stay, at most */
    bool output;       /* the output's matrix is among them */
    uint64_t window;   /* bytes asked of the disk ahead */
};
/* Bytes of the largest product of a layer, and of the output, which is larger in small models. */
struct plan_products {
    uint64_t layer, output;
};
/* room: bytes for all of it. Of the products that are read from disk one is in memory, beside what was asked for
 * ahead. */
struct plan_room plan_divide(uint64_t room, const struct plan_products *products);

/* Fills verdict, reserve, resident, streamed and tokens_per_second from what else stands in the plan. */
void plan_judge(struct memory_plan *plan, const struct plan_products *products);

#endif
