/* How many cores this process may use: the affinity mask, not what the machine has.
 *
 * Two threads on one core share what multiplies and what reads memory: a second one makes products hardly faster, and
 * every barrier slower. So cores are counted, as Linux names them in /sys. */
#include <config.h>

#include "engine/run/cores.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine.h"

/* Whether a list as "0,8" or "0-1,8-9" has a processor of the set below `below`. */
static bool has_earlier(const char *list, const cpu_set_t *set, long below)
{
    for (const char *at = list; *at >= '0' && *at <= '9';) {
        char *end;
        const long first = strtol(at, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        for (long cpu = first; cpu <= last && cpu < below; cpu++)
            if (CPU_ISSET((size_t)cpu, set))
                return true;
        at = *end == ',' ? end + 1 : end;
    }
    return false;
}

/* Whether a core's other thread, if it has one in the set, has a greater number. */
static bool is_first(int cpu, const cpu_set_t *set, const char *root)
{
    char path[4096], list[256] = "";
    snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", root, cpu);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return true;
    const bool read = fgets(list, sizeof list, f) != NULL;
    fclose(f);
    return !read || !has_earlier(list, set, cpu);
}

int32_t cores_count(const cpu_set_t *set, const char *root)
{
    int32_t count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        count += CPU_ISSET((size_t)cpu, set) && is_first(cpu, set, root);
    return count;
}

/* False for more than 1,024 processors, which a cpu_set_t does not hold. */
static bool read_affinity(cpu_set_t *set)
{
    return sched_getaffinity(0, sizeof *set, set) == 0 && CPU_COUNT(set) > 0;
}

int32_t cores_processors(void)
{
    cpu_set_t set;
    if (read_affinity(&set))
        return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int32_t)online : 1;
}

int32_t engine_cores(void)
{
    cpu_set_t set;
    return read_affinity(&set) ? cores_count(&set, "") : cores_processors();
}
