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
#include "base/memory.h"
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

/* The process gives up the whole pages of a mapped stretch; those that reach beyond it stay, for they may belong to what is
 * kept. Only what is mapped: other memory would lose what it holds. NULL when there was nothing to give up. */
static const struct source_map *give_up(const struct source *s, const void *bytes, uint64_t size, uintptr_t *begin,
                                        uintptr_t *end)
{
    const struct source_map *m = map_of(s, bytes);
    const uintptr_t page = page_size();
    *begin = ((uintptr_t)bytes + page - 1) & ~(page - 1);
    *end = ((uintptr_t)bytes + size) & ~(page - 1);
    if (m == NULL || *end <= *begin)
        return NULL;
    madvise((void *)*begin, *end - *begin, MADV_DONTNEED);
    return m;
}

/* The kernel drops no page that is mapped anywhere, so the process gives its own up first. */
void source_let_go(const struct source *s, const void *bytes, uint64_t size)
{
    uintptr_t begin, end;
    const struct source_map *m = give_up(s, bytes, size, &begin, &end);
    if (m != NULL)
        posix_fadvise(m->fd, (off_t)(begin - (uintptr_t)m->bytes), (off_t)(end - begin), POSIX_FADV_DONTNEED);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* A stretch of bytes that rows of a tensor take, and what is to be done with it. */
typedef void rows_act(const struct source *s, const void *bytes, uint64_t size);

/* Rows [from, to) are one stretch in each of the tensor's places. */
static void walk_rows(const struct source *s, const struct tensor *t, uint64_t from, uint64_t to, rows_act *act)
{
    for (uint64_t row = from, rows; row < to; row += rows) {
        rows = to - row;
        for (uint64_t col = 0; col < t->cols;) {
            const struct tensor_run run = tensor_at(t, row, col);
            rows = run.rows < rows ? run.rows : rows;
            act(s, run.data, rows * run.stride);
            col += run.cols;
        }
    }
}

static void expect_stretch(const struct source *s, const void *bytes, uint64_t size)
{
    (void)s;
    source_expect(bytes, size);
}

void source_expect_rows(const struct tensor *t, uint64_t from, uint64_t to)
{
    walk_rows(NULL, t, from, to, expect_stretch);
}

/* The page cache keeps them: another program may be reading the same file. */
static void release_stretch(const struct source *s, const void *bytes, uint64_t size)
{
    uintptr_t begin, end;
    give_up(s, bytes, size, &begin, &end);
}

void source_release_rows(const struct source *s, const struct tensor *t, uint64_t from, uint64_t to)
{
    walk_rows(s, t, from, to, release_stretch);
}

void source_expect_scattered(const void *bytes, uint64_t size)
{
    const uintptr_t page = page_size(), begin = (uintptr_t)bytes & ~(page - 1);
    madvise((void *)begin, (uintptr_t)bytes + size - begin, MADV_RANDOM);
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

static bool is_other_file(const void *source, uintptr_t begin)
{
    return map_of(source, (const void *)begin) == NULL;
}

uint64_t source_other_files(const struct source *s)
{
    return memory_mapped_where(is_other_file, s);
}

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
