/* How many processors this process may use: the affinity mask, not what the machine has. */
#include <config.h>

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "engine/engine.h"

int32_t engine_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than 1,024 processors: the mask does not fit */
    return online > 0 ? (int32_t)online : 1;
}
