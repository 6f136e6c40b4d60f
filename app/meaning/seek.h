/* Seek: messages by what they are about, and the sentence of each that says why. */
#ifndef PALAVER_APP_MEANING_SEEK_H
#define PALAVER_APP_MEANING_SEEK_H

#include <stdbool.h>
#include <stddef.h>

#include "app/meaning/hits.h"
#include "base/error.h"
#include "engine/engine.h"

/* Belongs to one thread at a time. */
struct seek;

/* As fill_open; the file need not exist yet. */
struct seek *seek_open(const char *history, const char *file, const struct model *model, int32_t threads,
                       struct error *err);
void seek_free(struct seek *s);

/* The messages likest to the query, likest first, at most `most`; archived: of archived conversations too. Each shows the
 * passage that was found, until it is settled. ERR_NOT_FOUND while nothing is encoded. */
enum error_code seek_find(struct seek *s, const char *query, bool archived, size_t most, struct meaning_hits *out,
                          struct error *err);
/* Asked between stretches of a few milliseconds; false ends what is under way. */
typedef bool seek_goes_on(void *context);
/* Makes a hit of the last query show the sentence of its passage that is likest to it. */
enum error_code seek_settle(struct seek *s, struct meaning_hit *hit, seek_goes_on *goes_on, void *context,
                            struct error *err);

#endif
