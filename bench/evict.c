/* Evict. */
#include <config.h>

#include "bench/evict.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static double resident_share(void *map, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page;
    size_t n = 0;
    unsigned char *there = malloc(pages);
    if (there == NULL || mincore(map, bytes, there) != 0)
        n = pages;
    else
        for (size_t i = 0; i < pages; i++)
            n += there[i] & 1;
    free(there);
    return (double)n / (double)pages;
}

double evict_file(const char *path)
{
    struct stat status;
    double share = 1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fdatasync(fd) != 0 || fstat(fd, &status) != 0 || status.st_size == 0)
        goto out;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        goto out;
    share = resident_share(map, (size_t)status.st_size);
    munmap(map, (size_t)status.st_size);
out:
    if (fd >= 0)
        close(fd);
    return share;
}
