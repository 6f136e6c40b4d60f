/* Filler: the thread that encodes what the history has, while nothing else is to be done. */
#ifndef PALAVER_APP_MEANING_FILLER_H
#define PALAVER_APP_MEANING_FILLER_H

#include <stdbool.h>

#include "app/meaning/meaning.h"
#include "app/meaning/shared.h"
#include "base/error.h"

struct filler;

/* shared must outlive it. NULL on failure. */
struct filler *filler_start(struct shared *shared, struct error *err);
/* Ends after the stretch under way. */
void filler_free(struct filler *f);

/* These in the front end's thread. */
void filler_pace(struct filler *f, bool busy);
void filler_rest(struct filler *f);
void filler_state(struct filler *f, struct meaning_state *out);

#endif
