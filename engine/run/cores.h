/* How many processors and cores this process may use. */
#ifndef PALAVER_ENGINE_RUN_CORES_H
#define PALAVER_ENGINE_RUN_CORES_H

#include <sched.h>
#include <stdint.h>

/* Those that run threads, of which a core may have two. */
int32_t cores_processors(void);
/* Cores that the processors of a set belong to; root: where /sys lies, "" but in tests. A processor of which /sys says
 * nothing is a core of its own. */
int32_t cores_count(const cpu_set_t *set, const char *root);

#endif
