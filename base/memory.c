/* Memory: /proc/meminfo, and the files of control groups, version 1 and 2.
 *
 * A process is in a group of each mounted hierarchy; a limit of any group above it holds too, so the path is climbed up to
 * the mount. In a container the path that the kernel tells may be the host's, of which only the end of the climb, the
 * mount itself, is there: that is then the container's own group. */
#include <config.h>

#include "base/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

/* Where a control group's numbers stand. */
struct group_files {
    const char *mount, *limit, *high, *usage; /* high: the limit from which the kernel slows a group down, or NULL */
    const char *active, *inactive;            /* rows of memory.stat: page cache of the group and those below */
};
static const struct group_files version_1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", NULL,
                                             "memory.usage_in_bytes", "total_active_file ",    "total_inactive_file "};
static const struct group_files version_2 = {"/sys/fs/cgroup", "memory.max",   "memory.high",
                                             "memory.current", "active_file ", "inactive_file "};

/* ---- files of the kernel ---------------------------------------------------------------------------------------- */

/* The number after the first line's beginning `name` ("" for a file of one number); false when there is none. */
static bool read_number(const char *path, const char *name, uint64_t *out)
{
    char line[256];
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            found = sscanf(line + strlen(name), "%" SCNu64, out) == 1;
    if (f != NULL)
        fclose(f);
    return found;
}

static bool read_group_number(const char *folder, const char *file, const char *name, uint64_t *out)
{
    char path[PATH_BYTES];
    int used = snprintf(path, sizeof path, "%s/%s", folder, file);
    return used > 0 && (size_t)used < sizeof path && read_number(path, name, out);
}

/* ---- control groups --------------------------------------------------------------------------------------------- */

static void limit_by(struct memory *m, uint64_t limit, uint64_t used)
{
    const uint64_t left = limit > used ? limit - used : 0;
    m->total = limit < m->total ? limit : m->total;
    m->limited = m->limited || left < m->available;
    m->available = left < m->available ? left : m->available;
}

/* One group; a limit that is not a number ("max") is none. */
static void read_group(struct memory *m, const struct group_files *files, const char *folder)
{
    uint64_t limit, high, used, active = 0, inactive = 0;
    bool limited = read_group_number(folder, files->limit, "", &limit);
    if (files->high != NULL && read_group_number(folder, files->high, "", &high) && (!limited || high < limit)) {
        limit = high;
        limited = true;
    }
    if (!limited || limit >= m->total || !read_group_number(folder, files->usage, "", &used))
        return;
    read_group_number(folder, "memory.stat", files->active, &active);
    read_group_number(folder, "memory.stat", files->inactive, &inactive);
    const uint64_t cache = active + inactive;
    limit_by(m, limit, used > cache ? used - cache : 0);
}

/* The groups from `path` up to the mount. */
static void climb_groups(struct memory *m, const struct group_files *files, const char *root, const char *path)
{
    char folder[PATH_BYTES];
    int mount = snprintf(folder, sizeof folder, "%s%s", root, files->mount), used = -1;
    if (mount > 0 && (size_t)mount < sizeof folder)
        used = snprintf(folder + mount, sizeof folder - (size_t)mount, "%s", path);
    if (used < 0 || (size_t)(mount + used) >= sizeof folder)
        return;
    for (;;) {
        read_group(m, files, folder);
        char *slash = strrchr(folder + mount, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
    }
}

/* Lines are "NUMBER:CONTROLLERS:PATH"; version 2 has no controllers there. */
static void read_groups(struct memory *m, const char *root)
{
    char name[PATH_BYTES], line[PATH_BYTES];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *f = fopen(name, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        if (controllers[1] == '\0')
            climb_groups(m, &version_2, root, path);
        else if (strcmp(controllers + 1, "memory") == 0)
            climb_groups(m, &version_1, root, path);
    }
    if (f != NULL)
        fclose(f);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

bool memory_read(const char *root, struct memory *out)
{
    char path[PATH_BYTES];
    struct memory m = {0};
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (!read_number(path, "MemTotal:", &m.total) || !read_number(path, "MemAvailable:", &m.available))
        return false;
    m.total *= 1024;
    m.available *= 1024;
    read_groups(&m, root);
    *out = m;
    return true;
}

uint64_t memory_anonymous(void)
{
    uint64_t kilobytes;
    return read_number("/proc/self/status", "RssAnon:", &kilobytes) ? kilobytes * 1024 : 0;
}

uint64_t memory_mapped(void)
{
    uint64_t kilobytes;
    return read_number("/proc/self/status", "RssFile:", &kilobytes) ? kilobytes * 1024 : 0;
}

/* A mapping is a line "BEGIN-END RIGHTS OFFSET DEVICE INODE PATH", INODE 0 for no file, and lines "Rss:" and "Anonymous:"
 * after it, which counts what a private mapping has changed. */
uint64_t memory_mapped_where(memory_counts *counts, const void *context)
{
    char line[PATH_BYTES];
    uint64_t sum = 0, number, inode = 0, begin;
    bool counted = false;
    FILE *f = fopen("/proc/self/smaps", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%" SCNx64 "-%*x %*s %*s %*s %" SCNu64, &begin, &inode) == 2)
            counted = inode != 0 && counts(context, (uintptr_t)begin);
        else if (counted && sscanf(line, "Rss: %" SCNu64, &number) == 1)
            sum += number * 1024;
        else if (counted && sscanf(line, "Anonymous: %" SCNu64, &number) == 1)
            sum -= number * 1024;
    }
    if (f != NULL)
        fclose(f);
    return sum;
}
