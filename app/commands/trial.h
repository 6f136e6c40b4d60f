/* Trial: loads a model, has it read a few tokens, and compares what it takes of memory with what was planned. */
#ifndef PALAVER_APP_COMMANDS_TRIAL_H
#define PALAVER_APP_COMMANDS_TRIAL_H

#include <stdbool.h>

#include "app/options/options.h"

/* A finding, one line. */
typedef void trial_line(void *context, bool good, const char *line);
/* Takes seconds, or as long as a model that is larger than memory needs. */
void trial_run(const struct options *o, trial_line *tell, void *context);

#endif
