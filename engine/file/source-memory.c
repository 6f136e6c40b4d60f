/* Which of a source's mapped bytes lie in memory: letting go of them, counting them, and how fast the disk brings them.
 *
 * Pages of a file are the kernel's; it keeps what was read as long as nobody needs the room. Who reads more than fits,
 * in the same order again and again, has to choose what stays, for the kernel drops what was not used for longest: just
 * what is needed next. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"

enum {
    COUNTED_PAGES = 1 << 14, /* asked for at a time */
    PROBE_BYTES = 8 << 20,   /* read at a time to measure the disk */
    PROBES = 8,              /* at most */
};
static const double PROBE_SECONDS = 0.5; /* a slow disk is measured by fewer */

static uintptr_t page_size(void)
{
    return (uintptr_t)sysconf(_SC_PAGESIZE);
}

/* ---- letting go ------------------------------------------------------------------------------------------------- */

static const struct source_map *map_of(const struct source *s, const void *bytes)
{
    for (size_t i = 0; i < s->n_maps; i++) {
        const struct source_map *m = &s->maps[i];
        if (m->mapped && (uintptr_t)bytes >= (uintptr_t)m->bytes && (uintptr_t)bytes - (uintptr_t)m->bytes < m->size)
            return m;
    }
    return NULL;
}

/* Pages that reach beyond the stretch stay: they may belong to what is kept. The kernel drops no page that is mapped
 * anywhere, so the process gives its own up first. */
void source_let_go(const struct source *s, const void *bytes, uint64_t size)
{
    const struct source_map *m = map_of(s, bytes);
    const uintptr_t page = page_size(), begin = ((uintptr_t)bytes + page - 1) & ~(page - 1);
    const uintptr_t end = ((uintptr_t)bytes + size) & ~(page - 1);
    if (m == NULL || end <= begin)
        return;
    madvise((void *)begin, end - begin, MADV_DONTNEED);
    posix_fadvise(m->fd, (off_t)(begin - (uintptr_t)m->bytes), (off_t)(end - begin), POSIX_FADV_DONTNEED);
}

void source_expect_scattered(const void *bytes, uint64_t size)
{
    const uintptr_t page = page_size(), begin = (uintptr_t)bytes & ~(page - 1);
    madvise((void *)begin, (uintptr_t)bytes + size - begin, MADV_RANDOM);
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

/* Pages of [begin, end) that are in memory. */
static uint64_t count_pages(uintptr_t begin, uintptr_t end)
{
    unsigned char in[COUNTED_PAGES];
    const uintptr_t page = page_size();
    uint64_t n = 0;
    for (uintptr_t at = begin, size; at < end; at += size) {
        size = end - at < COUNTED_PAGES * page ? end - at : COUNTED_PAGES * page;
        if (mincore((void *)at, size, in) != 0)
            return n;
        for (uintptr_t i = 0; i < (size + page - 1) / page; i++)
            n += in[i] & 1;
    }
    return n;
}

uint64_t source_resident_bytes(const void *bytes, uint64_t size)
{
    const uintptr_t page = page_size(), begin = (uintptr_t)bytes & ~(page - 1);
    const uint64_t found = count_pages(begin, (uintptr_t)bytes + size) * page;
    return found < size ? found : size;
}

/* ---- the disk --------------------------------------------------------------------------------------------------- */

/* Waits until every page has come. */
static void touch_pages(const unsigned char *bytes, uint64_t size)
{
    const volatile unsigned char *at = bytes;
    for (uint64_t i = 0; i < size; i += page_size())
        (void)at[i];
}

/* Stretches of PROBE_BYTES of which nothing is in memory, so that reading them asks the disk. Returns how many. */
static int find_probes(const struct source *s, const unsigned char *probes[PROBES])
{
    int n = 0;
    for (size_t i = 0; i < s->n_maps; i++) {
        const struct source_map *m = &s->maps[i];
        for (uint64_t at = 0; m->mapped && n < PROBES && m->size - at >= PROBE_BYTES; at += PROBE_BYTES)
            if (source_resident_bytes(m->bytes + at, PROBE_BYTES) == 0)
                probes[n++] = m->bytes + at;
    }
    return n;
}

double source_read_rate(const struct source *s)
{
    const unsigned char *probes[PROBES];
    const int n = find_probes(s, probes);
    const double start = clock_seconds();
    double seconds = 0;
    int read = 0;
    if (n > 0)
        source_expect(probes[0], PROBE_BYTES);
    for (; read < n && seconds < PROBE_SECONDS; read++, seconds = clock_seconds() - start) {
        if (read + 1 < n)
            source_expect(probes[read + 1], PROBE_BYTES); /* a disk is fastest with the next order at hand */
        touch_pages(probes[read], PROBE_BYTES);
    }
    for (int i = 0; i < n; i++)
        source_let_go(s, probes[i], PROBE_BYTES);
    return read > 0 && seconds > 0 ? (double)read * PROBE_BYTES / seconds : 0;
}
