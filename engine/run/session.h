/* Internals of sessions, for what saves and restores them. session.c owns them. */
#ifndef PALAVER_ENGINE_RUN_SESSION_H
#define PALAVER_ENGINE_RUN_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/run/kv.h"

const struct kv *session_kv(const struct session *s);
/* Makes the session's tokens ids[0..n), n at most its capacity, and shares the blocks of kv, where their first n
 * positions lie. The logits after the last of them are not known. */
void session_take(struct session *s, const struct kv *kv, const int32_t *ids, size_t n);

#endif
