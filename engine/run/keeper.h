/* The keeper: saves the sessions of conversations on a thread of its own, and restores what was saved.
 *
 * All calls are the service's thread's. What is to be saved is a session that shares the blocks of the conversation's,
 * which nobody writes while it does; it is freed by keeper_collect, as blocks belong to the service's thread. A failure
 * has no consequence but that tokens are computed again. */
#ifndef PALAVER_ENGINE_RUN_KEEPER_H
#define PALAVER_ENGINE_RUN_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

struct keeper;

/* Called on the keeper's thread when there is something to collect. */
typedef void keeper_done(void *context);

/* folder (copied) and most are those of struct worker_options. NULL when out of memory. */
struct keeper *keeper_new(const char *folder, uint64_t most, struct runner *r, keeper_done *done, void *context);
/* What is not yet written is, where that takes a moment and not longer; the rest is cut off. */
void keeper_free(struct keeper *k);
/* Saves the session as it is now under this name. */
void keeper_save(struct keeper *k, const struct session *s, const char *name);
/* Makes the session that which was saved and has most in common with ids[0..n), if that is worth it. untouched: the file
 * stays as old as it is, and what is damaged stays in it. */
void keeper_restore(struct keeper *k, struct session *s, const int32_t *ids, size_t n, bool untouched);
bool keeper_has_done(struct keeper *k);
/* Frees sessions that are written. */
void keeper_collect(struct keeper *k);

#endif
