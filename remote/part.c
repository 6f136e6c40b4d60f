/* Part: the growing file, its lock and its notes. */
#include <config.h>

#include "remote/part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static char *with_end(const char *path, const char *end)
{
    const size_t size = strlen(path) + strlen(end) + 1;
    char *out = malloc(size);
    if (out != NULL)
        snprintf(out, size, "%s%s", path, end);
    return out;
}

/* ---- notes ------------------------------------------------------------------------------------------------------ */

static void cut_line(char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
}

/* The notes of an earlier run; false when there are none that can be used. */
static bool notes_read(const char *path, struct part_origin *out)
{
    char total[64];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    const bool read = fgets(out->source, sizeof out->source, file) != NULL && getc(file) == '\n' &&
                      fgets(total, sizeof total, file) != NULL &&
                      fgets(out->validator, sizeof out->validator, file) != NULL;
    const bool whole = read && strchr(out->validator, '\n') != NULL; /* not torn */
    fclose(file);
    cut_line(out->validator);
    out->total = read ? strtoll(total, NULL, 10) : -1;
    return whole && strlen(out->source) == DIGEST_TEXT - 1;
}

static enum error_code notes_write(const struct part *p, struct error *err)
{
    const int fd = open(p->notes, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        error_system(err, ERR_IO, errno, "%s: can't be written", p->notes);
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    fprintf(file, "%s\n%" PRId64 "\n%s\n", p->origin.source, p->origin.total, p->origin.validator);
    const bool written = !ferror(file);
    if (fclose(file) != 0 || !written)
        return error_system(err, ERR_IO, errno, "%s: can't be written", p->notes);
    return ERR_NONE;
}

enum error_code part_note(struct part *p, const char *validator, int64_t total, struct error *err)
{
    snprintf(p->origin.validator, sizeof p->origin.validator, "%s", validator);
    p->origin.total = total;
    return notes_write(p, err);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Whether path is still the file that fd has: another process may have given it its name between the two calls. */
static bool is_same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static enum error_code part_lock(struct part *p, struct error *err)
{
    struct stat st;
    p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (p->fd < 0)
        return error_system(err, ERR_IO, errno, "%s: can't be written", p->path);
    if (fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return error_set(err, ERR_IO, "%s: not a regular file; move it away", p->path);
    if (flock(p->fd, LOCK_EX | LOCK_NB) != 0 || !is_same_file(p->fd, p->path))
        return error_set(err, ERR_BUSY, "%s: another palaver is fetching this file", p->path);
    p->size = st.st_size;
    return ERR_NONE;
}

static void part_release(struct part *p)
{
    if (p->fd >= 0)
        close(p->fd);
    digest_free(p->digest);
    free(p->target);
    free(p->path);
    free(p->notes);
    *p = (struct part){.fd = -1};
}

enum error_code part_open(struct part *p, const char *target, const char *source, enum digest_kind kind, int64_t total,
                          struct error *err)
{
    struct part_origin there;
    *p = (struct part){.fd = -1, .origin.total = total};
    snprintf(p->origin.source, sizeof p->origin.source, "%s", source);
    p->target = strdup(target);
    p->path = with_end(target, ".part");
    p->notes = with_end(target, ".part.from");
    p->digest = digest_new(kind, total, err);
    enum error_code code = p->digest == NULL ? ERR_UNSUPPORTED : ERR_NONE;
    if (p->target == NULL || p->path == NULL || p->notes == NULL)
        code = error_memory(err);
    if (code == ERR_NONE)
        code = part_lock(p, err);
    if (code != ERR_NONE) {
        part_release(p);
        return code;
    }
    const bool same = p->size > 0 && notes_read(p->notes, &there) && strcmp(there.source, source) == 0 &&
                      (total < 0 || p->size <= total);
    if (same) {
        p->origin = there;
        return ERR_NONE;
    }
    code = part_restart(p, err);
    if (code != ERR_NONE)
        part_release(p);
    return code;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

int64_t part_read(struct part *p, int64_t at, size_t n, struct error *err)
{
    unsigned char bytes[1 << 16];
    const ssize_t got = pread(p->fd, bytes, n < sizeof bytes ? n : sizeof bytes, at);
    if (got < 0) {
        error_system(err, ERR_IO, errno, "%s: can't be read", p->path);
        return -1;
    }
    digest_add(p->digest, bytes, (size_t)got);
    return got;
}

enum error_code part_restart(struct part *p, struct error *err)
{
    digest_restart(p->digest);
    p->size = 0;
    p->origin.validator[0] = '\0';
    if (ftruncate(p->fd, 0) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be written", p->path);
    return ERR_NONE;
}

enum error_code part_add(struct part *p, const void *bytes, size_t n, struct error *err)
{
    const char *from = bytes;
    for (size_t done = 0; done < n;) {
        const ssize_t put = pwrite(p->fd, from + done, n - done, p->size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_system(err, ERR_IO, errno, "%s: can't be written", p->path);
        digest_add(p->digest, from + done, (size_t)put);
        done += (size_t)put;
        p->size += put;
    }
    return ERR_NONE;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

/* Brings the folder's entry to the disk. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    const int fd = folder != NULL ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

enum error_code part_finish(struct part *p, struct error *err)
{
    struct stat st;
    if (fsync(p->fd) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be written", p->path);
    if (lstat(p->target, &st) == 0)
        return error_set(err, ERR_ARGUMENT, "%s: has come into being meanwhile; the fetched file is %s", p->target,
                         p->path);
    if (rename(p->path, p->target) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be renamed to %s", p->path, p->target);
    unlink(p->notes);
    sync_folder(p->target);
    return ERR_NONE;
}

void part_close(struct part *p)
{
    if (p->fd >= 0 && p->size == 0 && is_same_file(p->fd, p->path)) {
        unlink(p->path);
        unlink(p->notes);
    }
    part_release(p);
}
