/* A for loop under way. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_LOOP_H
#define PALAVER_ENGINE_JINJA_LOOP_H

#include "engine/jinja/run.h"

/* The next item becomes the loop's current one; false at the end. */
bool jloop_next(struct jrun *r, struct jloop *loop);

#endif
