/* Internals of sessions: for what saves and restores them, and for guesses of what follows. session.c owns them. */
#ifndef PALAVER_ENGINE_RUN_SESSION_H
#define PALAVER_ENGINE_RUN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/run/kv.h"

const struct kv *session_kv(const struct session *s);
/* Makes the session's tokens ids[0..n), n at most its capacity, and shares the blocks of kv, where their first n
 * positions lie. The logits after the last of them are not known. */
void session_take(struct session *s, const struct kv *kv, const int32_t *ids, size_t n);

/* ---- ahead ---- */

enum { SESSION_AHEAD = 15 }; /* tokens that are evaluated on trial at most */

/* session_push of id with guesses of what follows, evaluated in the same batch: when the next token pushed is the first
 * guess, its logits are there already, and so on. Another one, or any other call that changes the session, forgets them. *n is
 * at most SESSION_AHEAD, and then how many were evaluated: there may be room for fewer, and none is needed where the token
 * was a guess itself. */
enum error_code session_push_ahead(struct session *s, int32_t id, const int32_t *guesses, int32_t *n,
                                   struct error *err);
/* The same for n different sessions of one runner: sessions_push with a guess for each, all in one batch. guesses[i].n is
 * how many tokens were evaluated in the end; where all of them do not fit into the runner's batch, none is. */
struct session_guess {
    int32_t ids[SESSION_AHEAD], n;
};
enum error_code sessions_push_ahead(struct session *const *sessions, const int32_t *ids, struct session_guess *guesses,
                                    size_t n, struct error *err);
/* The guesses and their memory are not needed any more, until the next. */
void session_drop_ahead(struct session *s);
/* Whether session_push of id has nothing to evaluate. */
bool session_is_ahead(const struct session *s, int32_t id);

#endif
