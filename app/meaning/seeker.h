/* Seeker: the thread that answers queries. */
#ifndef PALAVER_APP_MEANING_SEEKER_H
#define PALAVER_APP_MEANING_SEEKER_H

#include <stdbool.h>

#include "app/meaning/hits.h"
#include "app/meaning/shared.h"
#include "base/error.h"

struct seeker;

/* shared must outlive it. NULL on failure. */
struct seeker *seeker_start(struct shared *shared, struct error *err);
void seeker_free(struct seeker *s);

/* These in the front end's thread; see meaning.h. */
unsigned seeker_ask(struct seeker *s, const char *query);
int seeker_fd(const struct seeker *s);
bool seeker_take(struct seeker *s, struct meaning_hits *out, unsigned *number);
bool seeker_wait(struct seeker *s, unsigned number, int milliseconds, struct meaning_hits *out);

#endif
