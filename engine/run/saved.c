/* Saved sessions: one file. Records are some MB; a conversation has tens of them.
 *
 * A record is written bytes first and its head last, after the old head was made invalid, so that a reader finds no head
 * before bytes that are not its own. */
#include <config.h>

#include "engine/run/saved.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/names.h"
#include "engine/kernels/layer.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "engine/run/saved-folder.h"

enum {
    FORM = 1,          /* of the file */
    HEAD_ROOM = 4096,  /* bytes from the beginning of the file to the first record */
    RECORD_ROOM = 512, /* bytes from the beginning of a record to its block */
    LANES = 8,
};

static const char magic[8] = {'P', 'a', 'l', 'a', 'v', 'K', 'V', '\n'};

struct file_head {
    char magic[8];
    uint64_t origin, block_bytes;
    uint64_t check; /* of what stands before */
};

struct record_head {
    uint32_t count, unused; /* tokens, KV_BLOCK but in the last record */
    int32_t ids[KV_BLOCK];
    uint64_t chain; /* of all ids up to the last of these */
    uint64_t data;  /* checksum of the block */
    uint64_t check; /* of what stands before */
};
static_assert(sizeof(struct record_head) == 32 + 4 * KV_BLOCK, "records have no gaps");
static_assert(sizeof(struct record_head) <= RECORD_ROOM, "a head fits in front of its block");

uint64_t saved_origin(const struct model *model, const char *kernels, const struct kv *kv)
{
    const struct model_info *info = model_info(model);
    struct stat st = {0};
    char text[512];
    stat(info->path, &st); /* a file that was replaced is another one, whatever its sampled weights are */
    snprintf(text, sizeof text, "%d %d %s %s %d %zu %d %llx %llu %lld.%09ld", (int)FORM, engine_arithmetic(),
             PACKAGE_VERSION, kernels, (int)KV_BLOCK, kv->block_size, (int)kv->type,
             (unsigned long long)info->fingerprint, (unsigned long long)info->file_bytes, (long long)st.st_mtim.tv_sec,
             st.st_mtim.tv_nsec);
    return names_hash(0, text, strlen(text));
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

/* Eight sums beside each other, as fast as memory is read. size is a multiple of 8 * LANES up to the rest, which goes
 * through another hash. */
static uint64_t sum_bytes(const char *bytes, size_t size)
{
    uint64_t sums[LANES] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t at = 0;
    for (; at + sizeof sums <= size; at += sizeof sums) {
        uint64_t words[LANES];
        memcpy(words, bytes + at, sizeof words);
        for (int i = 0; i < LANES; i++) {
            const uint64_t mixed = (sums[i] ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
            sums[i] = mixed << 29 | mixed >> 35;
        }
    }
    return names_hash(names_hash(size, sums, sizeof sums), bytes + at, size - at);
}

static bool read_all(int fd, void *to, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pread(fd, (char *)to + done, size - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Reads what is in the page cache; false: it is not all there. */
static bool read_cached(int fd, void *to, size_t size, uint64_t at)
{
    const struct iovec part = {to, size};
    return preadv2(fd, &part, 1, (off_t)at, RWF_NOWAIT) == (ssize_t)size;
}

/* Of the pages with these bytes. */
static void advise(int fd, uint64_t at, size_t size, int advice)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = at / page * page;
    posix_fadvise(fd, (off_t)first, (off_t)((at + size - first + page - 1) / page * page), advice);
}

/* read_all of a few bytes before the rest of the file is read, or not. Where they come from the disk they do not stay in
 * the page cache: a page here and there in it would cut what is read ahead later into small pieces, for twice the time. */
static bool read_aside(int fd, void *to, size_t size, uint64_t at)
{
    if (read_cached(fd, to, size, at))
        return true;
    const bool ok = read_all(fd, to, size, at);
    advise(fd, at, size, POSIX_FADV_DONTNEED);
    return ok;
}

static bool write_all(int fd, const void *from, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const char *)from + done, size - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* ---- heads ------------------------------------------------------------------------------------------------------ */

static uint64_t record_at(uint64_t block_bytes, size_t i)
{
    return HEAD_ROOM + (RECORD_ROOM + block_bytes) * i;
}

static struct file_head head_of(uint64_t origin, uint64_t block_bytes)
{
    struct file_head head = {.origin = origin, .block_bytes = block_bytes};
    memcpy(head.magic, magic, sizeof magic);
    head.check = names_hash(FORM, &head, offsetof(struct file_head, check));
    return head;
}

static bool has_head(int fd, const struct file_head *head)
{
    struct file_head there;
    return read_all(fd, &there, sizeof there, 0) && memcmp(&there, head, sizeof there) == 0;
}

static uint64_t record_check(const struct record_head *r)
{
    return names_hash(FORM, r, offsetof(struct record_head, check));
}

/* The head of record number i, which follows tokens of this chain; false when there is none that is good. */
static bool read_record(int fd, uint64_t block_bytes, size_t i, uint64_t chain, struct record_head *out)
{
    return read_aside(fd, out, sizeof *out, record_at(block_bytes, i)) && out->check == record_check(out) &&
           out->count > 0 && out->count <= KV_BLOCK &&
           out->chain == names_hash(chain, out->ids, out->count * sizeof *out->ids);
}

/* What the head of the record with tokens [at, n) of the session will be, but for the checksum of its block. */
static struct record_head record_of(const struct saved_session *s, size_t at, uint64_t chain)
{
    struct record_head r = {.count = (uint32_t)(s->n - at < KV_BLOCK ? s->n - at : KV_BLOCK)};
    memcpy(r.ids, s->ids + at, r.count * sizeof *r.ids);
    r.chain = names_hash(chain, r.ids, r.count * sizeof *r.ids);
    return r;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static void advise_heads(int fd, uint64_t block_bytes, size_t first, size_t n, int advice)
{
    for (size_t i = first; i < n; i++)
        advise(fd, record_at(block_bytes, i), sizeof(struct record_head), advice);
}

/* How many of ids[0..n) the file begins with. Where the first record is theirs, the heads of the others are asked for at
 * once if they are on disk, rather than one after another. */
static size_t count_common(int fd, uint64_t origin, uint64_t block_bytes, const int32_t *ids, size_t n)
{
    const size_t records = (n + KV_BLOCK - 1) / KV_BLOCK;
    uint64_t chain = origin;
    size_t at = 0, asked = 0;
    for (size_t i = 0; at < n; i++) {
        struct record_head r;
        if (i == 1 && !read_cached(fd, &r, sizeof r, record_at(block_bytes, i))) {
            advise_heads(fd, block_bytes, 1, records, POSIX_FADV_WILLNEED);
            asked = records;
        }
        if (!read_record(fd, block_bytes, i, chain, &r))
            break;
        uint32_t same = 0;
        while (same < r.count && at + same < n && r.ids[same] == ids[at + same])
            same++;
        at += same;
        if (same < KV_BLOCK)
            break;
        chain = r.chain;
    }
    advise_heads(fd, block_bytes, 1, asked, POSIX_FADV_DONTNEED);
    return at;
}

/* A regular file that nobody writes; -1 if it is none. */
static int open_saved(const char *path)
{
    struct stat st;
    const int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_SH | LOCK_NB) == 0) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* heads alone, until saved_read */
        return fd;
    }
    close(fd);
    return -1;
}

struct saved_file saved_find(const char *folder, uint64_t origin, const struct kv *kv, const int32_t *ids, size_t n,
                             size_t least)
{
    struct saved_file best = {.fd = -1, .common = least > 0 ? least - 1 : 0, .block_bytes = kv->block_size};
    const struct file_head head = head_of(origin, kv->block_size);
    struct saved_list list = saved_list(folder);
    for (size_t i = 0; i < list.n; i++) {
        char *path = saved_path(folder, list.at[i].name);
        const int fd = path != NULL ? open_saved(path) : -1;
        free(path);
        if (fd < 0)
            continue;
        const size_t common = has_head(fd, &head) ? count_common(fd, origin, kv->block_size, ids, n) : 0;
        if (common > best.common) {
            saved_close(&best);
            best.fd = fd;
            best.common = common;
        } else {
            close(fd);
        }
    }
    saved_list_free(&list);
    return best;
}

void saved_close(struct saved_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

/* Whether the block of record i is what its head says; it is left in `block`. */
static bool read_block(int fd, uint64_t block_bytes, size_t i, char *block)
{
    struct record_head r;
    const uint64_t at = record_at(block_bytes, i);
    return read_all(fd, &r, sizeof r, at) && r.check == record_check(&r) &&
           read_all(fd, block, block_bytes, at + RECORD_ROOM) && r.data == sum_bytes(block, block_bytes);
}

struct reading {
    const struct saved_file *file;
    struct pool *pool;
    char *const *blocks; /* (n) */
    uint32_t n;
    atomic_uint good; /* the first record that is not */
};

static void read_thread(void *context, int32_t thread, int32_t threads)
{
    struct reading *r = context;
    (void)thread;
    (void)threads;
    for (uint32_t i; (i = pool_take(r->pool)) < r->n;) {
        unsigned before = atomic_load(&r->good);
        if (i >= before || read_block(r->file->fd, r->file->block_bytes, i, r->blocks[i]))
            continue;
        while (i < before && !atomic_compare_exchange_weak(&r->good, &before, i))
            ;
    }
}

size_t saved_read(const struct saved_file *file, struct kv *kv, struct pool *pool)
{
    struct error ignored = {0}; /* no memory: it is not read */
    const size_t n = file->common, records = (n + KV_BLOCK - 1) / KV_BLOCK;
    if (!kv_reserve(kv, 0, (int32_t)n, &ignored))
        return 0;
    struct reading r = {.file = file, .pool = pool, .blocks = kv->blocks, .n = (uint32_t)records};
    atomic_init(&r.good, (unsigned)records);
    posix_fadvise(file->fd, 0, 0, POSIX_FADV_NORMAL);
    pool_run(pool, read_thread, &r);
    const size_t good = atomic_load(&r.good);
    if (good == records && !file->untouched)
        futimens(file->fd, NULL); /* it is not the oldest now */
    if (good == records)
        return n;
    if (!file->untouched && ftruncate(file->fd, (off_t)record_at(file->block_bytes, good)) != 0)
        return good * KV_BLOCK; /* then it is found again, and is no better */
    return good * KV_BLOCK;
}

size_t saved_verify(int fd, bool *whole)
{
    struct file_head head;
    struct stat st;
    *whole = false;
    if (fstat(fd, &st) != 0 || !read_all(fd, &head, sizeof head, 0) ||
        head.block_bytes > (uint64_t)st.st_size) /* a record is larger than its block */
        return 0;
    const struct file_head proper = head_of(head.origin, head.block_bytes);
    char *block = memcmp(&head, &proper, sizeof head) == 0 ? malloc(head.block_bytes + 1) : NULL;
    size_t tokens = 0, i = 0;
    uint64_t chain = head.origin;
    struct record_head r;
    while (block != NULL && read_record(fd, head.block_bytes, i, chain, &r) &&
           read_block(fd, head.block_bytes, i, block)) {
        tokens += r.count;
        chain = r.chain;
        i++;
        if (r.count < KV_BLOCK)
            break;
    }
    *whole = block != NULL && (uint64_t)st.st_size == record_at(head.block_bytes, i);
    free(block);
    return tokens;
}

struct saved_report session_check_saved(const char *folder)
{
    struct saved_report report = {0};
    struct saved_list list = saved_list(folder);
    for (size_t i = 0; i < list.n; i++) {
        char *path = saved_path(folder, list.at[i].name);
        const int fd = path != NULL ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
        bool whole = false;
        if (fd >= 0) {
            saved_verify(fd, &whole);
            close(fd);
        }
        report.files++;
        report.damaged += !whole;
        report.bytes += list.at[i].bytes;
        free(path);
    }
    saved_list_free(&list);
    return report;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* A file that nobody else reads or writes; made if it is missing. */
static int open_to_write(const char *path, struct error *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_system(err, ERR_IO, errno, "%s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    error_set(err, ERR_BUSY, "%s: another program uses it", path);
    close(fd);
    return -1;
}

static bool write_record(int fd, const struct saved_session *s, size_t i, struct record_head *r)
{
    static const struct record_head none;
    const uint64_t at = record_at(s->kv->block_size, i);
    r->data = sum_bytes(s->kv->blocks[i], s->kv->block_size);
    r->check = record_check(r);
    return write_all(fd, &none, sizeof none, at) &&
           write_all(fd, s->kv->blocks[i], s->kv->block_size, at + RECORD_ROOM) && write_all(fd, r, sizeof *r, at);
}

/* Whether record i of the file is the one that would be written. */
static bool is_written(int fd, uint64_t block_bytes, size_t i, uint64_t chain, const struct record_head *wanted)
{
    struct record_head there;
    return read_record(fd, block_bytes, i, chain, &there) && there.count == wanted->count &&
           memcmp(there.ids, wanted->ids, sizeof there.ids) == 0;
}

/* Returns how many records of the session the file begins with in the end. */
static size_t write_records(int fd, const struct saved_session *s, saved_goes_on *goes_on, void *context, bool *failed)
{
    uint64_t chain = s->origin;
    bool same = true;
    size_t i = 0;
    for (size_t at = 0; at < s->n; at += KV_BLOCK, i++) {
        struct record_head r = record_of(s, at, chain);
        const uint64_t left = (uint64_t)((s->n - at + KV_BLOCK - 1) / KV_BLOCK) * s->kv->block_size;
        same = same && is_written(fd, s->kv->block_size, i, chain, &r);
        chain = r.chain;
        if (same)
            continue;
        if (goes_on != NULL && !goes_on(context, left))
            break;
        *failed = !write_record(fd, s, i, &r);
        if (*failed)
            break;
    }
    return i;
}

static enum error_code write_file(int fd, const char *path, const struct saved_session *s, saved_goes_on *goes_on,
                                  void *context, struct error *err)
{
    const struct file_head head = head_of(s->origin, s->kv->block_size);
    bool failed = false;
    if (!has_head(fd, &head))
        failed = ftruncate(fd, 0) != 0 || !write_all(fd, &head, sizeof head, 0);
    const size_t records = failed ? 0 : write_records(fd, s, goes_on, context, &failed);
    const int why = errno;
    failed = ftruncate(fd, (off_t)record_at(s->kv->block_size, records)) != 0 || failed;
    if (failed && records == 0)
        unlink(path); /* the disk has no room even for a head */
    return failed ? error_system(err, ERR_IO, why, "%s", path) : ERR_NONE;
}

enum error_code saved_write(const char *folder, const char *name, const struct saved_session *s, uint64_t most,
                            saved_goes_on *goes_on, void *context, struct error *err)
{
    const uint64_t record = RECORD_ROOM + s->kv->block_size;
    const uint64_t fitting = most > HEAD_ROOM ? (most - HEAD_ROOM) / record * KV_BLOCK : 0;
    struct saved_session cut = *s;
    cut.n = s->n < fitting ? s->n : (size_t)fitting;
    const uint64_t bytes = record_at(s->kv->block_size, (cut.n + KV_BLOCK - 1) / KV_BLOCK);
    if (cut.n == 0)
        return ERR_NONE;
    if (saved_make_room(folder, name, bytes, most, err) != ERR_NONE)
        return err->code;
    char *path = saved_path(folder, name);
    if (path == NULL)
        return error_memory(err);
    const int fd = open_to_write(path, err);
    enum error_code code = fd >= 0 ? write_file(fd, path, &cut, goes_on, context, err) : err->code;
    if (fd >= 0)
        close(fd);
    free(path);
    return code;
}
