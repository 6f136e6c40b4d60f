/* The engine's thread: works at the jobs that connections hand over. Internal to the server. */
#ifndef PALAVER_SERVE_WORK_H
#define PALAVER_SERVE_WORK_H

#include <stdbool.h>

#include "base/error.h"
#include "serve/internal.h"
#include "serve/job.h"

struct work;

/* Opens a runner on s->model as the options say, sets s->context, and starts the thread. NULL on failure. */
struct work *work_start(struct serve *s, struct error *err);
/* Hands a job over; false when too many wait, and the job stays the caller's. */
bool work_submit(struct work *w, struct job *j);
struct serve_activity work_look(struct work *w);
/* Ends every job with an error, and the thread; nothing is taken any more. */
void work_stop(struct work *w);
/* NULL is allowed; no connection may be left. */
void work_free(struct work *w);

#endif
