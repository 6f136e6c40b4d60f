/* Shared: what both threads read: the paths, and the encoder, opened by the one that needs it first. */
#ifndef PALAVER_APP_MEANING_SHARED_H
#define PALAVER_APP_MEANING_SHARED_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

struct shared {
    const struct options *options;
    char *history, *file; /* paths of the database and of the vectors */
    pthread_mutex_t lock; /* of what follows */
    struct model *model;  /* NULL: not open */
    bool missed;          /* there was none when the models folder was as it was at this time */
    struct timespec folder;
};

bool shared_open(struct shared *s, const struct options *o, struct error *err);
void shared_close(struct shared *s);
/* The encoder; NULL with ERR_NOT_FOUND while there is none. Quick to ask again while the models folder has not changed. In
 * any thread. */
const struct model *shared_model(struct shared *s, struct error *err);
/* Makes the cache folder; it may have been deleted at any time. */
enum error_code shared_make_folder(const struct shared *s, struct error *err);

#endif
