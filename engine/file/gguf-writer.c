/* Writing GGUF files: the plan (which tensors go into which file, and what stands before their data), then the data in
 * order, then the names.
 *
 * What is appended is handed to the system at once and its way to the disk begun, so that the last fsync has little left
 * to wait for. */
#include <config.h>

#include "engine/file/gguf-writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/file/metadata.h"
#include "engine/file/source-kind.h"

#define ALIGNMENT 32                /* of the tensors' data */
#define HEAD_MOST ((size_t)1 << 31) /* bytes before them */
#define PARTS_MOST 65535            /* that the keys can count */
#define SYNC_LEAST (1 << 20)        /* appended bytes that are worth a call of their own */

struct part {
    size_t first, n; /* entries */
    uint64_t data_bytes;
    struct buf head;
    char *path;
    char *temporary; /* the hidden name that it has meanwhile; NULL: none */
    bool named;      /* the file has its own name */
    bool there;      /* before this one there was a file of the name */
};

struct gguf_writer {
    const struct gguf_entry *entries; /* (n); owned */
    size_t n;
    struct part *parts; /* (n_parts) */
    size_t n_parts;
    bool replace;
    /* while writing */
    size_t part, entry;
    uint64_t left; /* bytes of the entry that are to come */
    int fd;        /* -1: no file is open */
};

static const char zeros[ALIGNMENT];

static uint64_t padded(uint64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

uint64_t gguf_entry_bytes(const struct gguf_entry *e)
{
    const struct tensor_traits *traits = tensor_traits(e->type);
    return e->cols / traits->block * traits->block_bytes * e->rows;
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

/* Cuts the entries into parts. False when out of memory. */
static bool plan_parts(struct gguf_writer *w, uint64_t part_bytes)
{
    for (size_t i = 0; i < w->n; i++) {
        struct part *last = w->n_parts > 0 ? &w->parts[w->n_parts - 1] : NULL;
        const uint64_t bytes = padded(gguf_entry_bytes(&w->entries[i]));
        if (last == NULL || (part_bytes > 0 && last->data_bytes + bytes > part_bytes)) {
            struct part *parts = realloc(w->parts, (w->n_parts + 1) * sizeof *parts);
            if (parts == NULL)
                return false;
            w->parts = parts;
            last = &parts[w->n_parts++];
            *last = (struct part){.first = i};
            buf_init(&last->head, HEAD_MOST);
        }
        last->data_bytes += bytes;
        last->n++;
    }
    return true;
}

static void put_number(struct buf *b, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        buf_putc(b, (char)(value >> (8 * i)));
}

static void put_entries(const struct gguf_writer *w, struct part *p)
{
    uint64_t offset = 0;
    for (size_t i = p->first; i < p->first + p->n; i++) {
        const struct gguf_entry *e = &w->entries[i];
        put_number(&p->head, strlen(e->name), 8);
        buf_puts(&p->head, e->name);
        put_number(&p->head, e->rows > 1 ? 2 : 1, 4);
        put_number(&p->head, e->cols, 8);
        if (e->rows > 1)
            put_number(&p->head, e->rows, 8);
        put_number(&p->head, e->type, 4);
        put_number(&p->head, offset, 8);
        offset += padded(gguf_entry_bytes(e));
    }
    buf_append(&p->head, zeros, (size_t)(padded(p->head.size) - p->head.size));
}

/* What stands before the data of part i. The first has the model's keys; if split, each says which part it is. */
static bool plan_head(struct gguf_writer *w, size_t i, const struct metadata *m, bool split)
{
    struct metadata all;
    struct part *p = &w->parts[i];
    metadata_init(&all);
    if (i == 0)
        metadata_join(&all, m);
    if (split) {
        metadata_u16(&all, "split.no", (uint16_t)i);
        metadata_u16(&all, "split.count", (uint16_t)w->n_parts);
        metadata_int(&all, "split.tensors.count", (int32_t)w->n);
    }
    bool made = metadata_write(&all, p->n, &p->head);
    metadata_free(&all);
    put_entries(w, p);
    return made && !buf_failed(&p->head);
}

/* The path of part i of a model that is to lie at path. NULL when out of memory. */
static char *part_path(const char *path, size_t i, size_t count, bool split)
{
    const size_t length = strlen(path), size = length + 32;
    const bool suffix = length > 5 && strcasecmp(path + length - 5, ".gguf") == 0;
    char *out = split ? malloc(size) : strdup(path);
    if (split && out != NULL)
        snprintf(out, size, "%.*s-%05zu-of-%05zu.gguf", (int)(suffix ? length - 5 : length), path, i + 1, count);
    return out;
}

struct gguf_writer *gguf_writer_new(const char *path, const struct metadata *m, const struct gguf_entry *entries,
                                    size_t n, uint64_t part_bytes, struct error *err)
{
    struct gguf_writer *w = calloc(1, sizeof *w);
    struct gguf_entry *copy = malloc((n + 1) * sizeof *copy);
    bool made = w != NULL && copy != NULL;
    if (w != NULL)
        *w = (struct gguf_writer){.entries = copy, .n = n, .fd = -1};
    else
        free(copy);
    if (made) {
        memcpy(copy, entries, n * sizeof *copy);
        made = plan_parts(w, part_bytes);
    }
    if (made && w->n_parts > PARTS_MOST) {
        error_set(err, ERR_ARGUMENT, "%s: would be cut into %zu files, and %d can be numbered; make them larger", path,
                  w->n_parts, PARTS_MOST);
        gguf_writer_free(w);
        return NULL;
    }
    for (size_t i = 0; made && i < w->n_parts; i++) {
        w->parts[i].path = part_path(path, i, w->n_parts, part_bytes > 0);
        made = w->parts[i].path != NULL && plan_head(w, i, m, part_bytes > 0);
    }
    if (made)
        return w;
    error_memory(err);
    gguf_writer_free(w);
    return NULL;
}

void gguf_writer_free(struct gguf_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        close(w->fd);
    for (size_t i = 0; i < w->n_parts; i++) {
        struct part *p = &w->parts[i];
        if (p->temporary != NULL && !p->named)
            unlink(p->temporary);
        free(p->temporary);
        free(p->path);
        buf_free(&p->head);
    }
    free(w->parts);
    free((void *)(uintptr_t)w->entries);
    free(w);
}

uint64_t gguf_writer_bytes(const struct gguf_writer *w)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < w->n_parts; i++)
        sum += w->parts[i].head.size + w->parts[i].data_bytes;
    return sum;
}

const char *gguf_writer_path(const struct gguf_writer *w, size_t i)
{
    return i < w->n_parts ? w->parts[i].path : NULL;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static enum error_code refused(const struct gguf_writer *w, int why, struct error *err)
{
    return error_system(err, ERR_IO, why, "%s: can't be written", source_label(w->parts[w->part].path));
}

/* Looks at what lies at the path already. A link is followed, so that the file it names is replaced. */
static enum error_code check_target(struct gguf_writer *w, struct part *p, struct error *err)
{
    struct stat st;
    if (stat(p->path, &st) != 0)
        return ERR_NONE;
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_ARGUMENT, "%s: is %s; give the name of a new file", source_label(p->path),
                         S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    if (!w->replace)
        return error_set(err, ERR_ARGUMENT, "%s: is there already; --force replaces it", source_label(p->path));
    char *real = realpath(p->path, NULL);
    if (real == NULL)
        return error_memory(err);
    free(p->path);
    p->path = real;
    p->there = true;
    return ERR_NONE;
}

/* The folder of a path, malloc'ed; NULL when out of memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The name by which a file without one can be given one. */
static void descriptor_path(int fd, char out[32])
{
    snprintf(out, 32, "/proc/self/fd/%d", fd);
}

/* A file without a name, of which a killed process leaves nothing; -1 where the file system has no such files. */
static int open_nameless(const struct part *p)
{
    char link[32], *folder = folder_of(p->path);
    int fd = folder != NULL ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    free(folder);
    descriptor_path(fd, link);
    if (fd >= 0 && access(link, F_OK) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Gives the part a name beside that which it will have: FOLDER/.NAME.PID-N, the first N that is free. That of `nameless`,
 * or of a new file if that is -1. Returns a descriptor, -1 on failure. */
static int open_hidden(struct part *p, int nameless)
{
    const char *slash = strrchr(p->path, '/'), *name = slash != NULL ? slash + 1 : p->path;
    const size_t size = strlen(p->path) + 48;
    char link[32], *path = malloc(size);
    int fd = -1;
    descriptor_path(nameless, link);
    for (int i = 0; path != NULL && fd < 0 && i < 1000; i++) {
        snprintf(path, size, "%.*s.%.200s.%ld-%d", (int)(name - p->path), p->path, name, (long)getpid(), i);
        if (nameless < 0)
            fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        else if (linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
            fd = nameless;
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd >= 0) {
        p->temporary = path;
        return fd;
    }
    const int why = errno;
    free(path);
    errno = why;
    return -1;
}

static enum error_code write_all(struct gguf_writer *w, const void *bytes, size_t size, struct error *err)
{
    const char *at = bytes;
    for (size_t left = size; left > 0;) {
        const ssize_t n = write(w->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return refused(w, n < 0 ? errno : ENOSPC, err);
        at += n;
        left -= (size_t)n;
    }
    if (size >= SYNC_LEAST)
        sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return ERR_NONE;
}

static enum error_code begin_part(struct gguf_writer *w, struct error *err)
{
    struct part *p = &w->parts[w->part];
    w->fd = open_nameless(p);
    if (w->fd < 0)
        w->fd = open_hidden(p, -1);
    if (w->fd < 0)
        return refused(w, errno, err);
    w->left = gguf_entry_bytes(&w->entries[w->entry]);
    return ERR_NONE;
}

static enum error_code end_part(struct gguf_writer *w, struct error *err)
{
    struct part *p = &w->parts[w->part];
    enum error_code code = fsync(w->fd) == 0 ? ERR_NONE : refused(w, errno, err);
    if (code == ERR_NONE && p->temporary == NULL && open_hidden(p, w->fd) < 0)
        code = refused(w, errno, err);
    if (close(w->fd) != 0 && code == ERR_NONE)
        code = refused(w, errno, err);
    w->fd = -1;
    return code;
}

/* "4.08 GB", "17.75 MB" */
static const char *size_text(uint64_t bytes, char out[32])
{
    const bool small = bytes < 1000000000;
    snprintf(out, 32, "%.2f %s", (double)bytes / (small ? 1e6 : 1e9), small ? "MB" : "GB");
    return out;
}

/* Compares the room on the disk with what is to come. */
static enum error_code check_room(const struct gguf_writer *w, struct error *err)
{
    struct statvfs disk;
    char needed[32], left[32];
    const uint64_t bytes = gguf_writer_bytes(w);
    if (fstatvfs(w->fd, &disk) != 0)
        return ERR_NONE; /* writing will tell */
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (bytes <= room)
        return ERR_NONE;
    return error_set(err, ERR_IO, "%s: takes %s, and the disk has %s left; free some room or write to another disk",
                     source_label(w->parts[0].path), size_text(bytes, needed), size_text(room, left));
}

enum error_code gguf_writer_begin(struct gguf_writer *w, bool replace, struct error *err)
{
    enum error_code code = ERR_NONE;
    w->replace = replace;
    for (size_t i = 0; i < w->n_parts && code == ERR_NONE; i++)
        code = check_target(w, &w->parts[i], err);
    if (code == ERR_NONE)
        code = begin_part(w, err);
    if (code == ERR_NONE)
        code = check_room(w, err);
    if (code == ERR_NONE)
        code = write_all(w, w->parts[0].head.data, w->parts[0].head.size, err);
    return code;
}

/* Fills up to the alignment behind a finished entry and goes on to the next, which may lie in the next file. */
static enum error_code next_entry(struct gguf_writer *w, struct error *err)
{
    const uint64_t bytes = gguf_entry_bytes(&w->entries[w->entry]);
    enum error_code code = write_all(w, zeros, (size_t)(padded(bytes) - bytes), err);
    if (code != ERR_NONE || ++w->entry == w->n)
        return code;
    const struct part *p = &w->parts[w->part];
    w->left = gguf_entry_bytes(&w->entries[w->entry]);
    if (w->entry < p->first + p->n)
        return ERR_NONE;
    code = end_part(w, err);
    if (code != ERR_NONE)
        return code;
    w->part++;
    code = begin_part(w, err);
    return code == ERR_NONE ? write_all(w, p[1].head.data, p[1].head.size, err) : code;
}

enum error_code gguf_writer_append(struct gguf_writer *w, const void *bytes, size_t size, struct error *err)
{
    const char *at = bytes;
    enum error_code code = ERR_NONE;
    while (size > 0 && code == ERR_NONE) {
        assert(w->fd >= 0 && w->entry < w->n);
        const size_t n = size < w->left ? size : (size_t)w->left;
        code = write_all(w, at, n, err);
        at += n;
        size -= n;
        w->left -= n;
        if (code == ERR_NONE && w->left == 0)
            code = next_entry(w, err);
    }
    return code;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

/* Gives a part its name, which no other program may have taken meanwhile where none is to be replaced. */
static enum error_code name_part(struct gguf_writer *w, struct part *p, struct error *err)
{
    int failed = w->replace ? -1 : renameat2(AT_FDCWD, p->temporary, AT_FDCWD, p->path, RENAME_NOREPLACE);
    if (w->replace || (failed != 0 && (errno == EINVAL || errno == ENOSYS))) /* a file system without this */
        failed = rename(p->temporary, p->path);
    if (failed != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be written", source_label(p->path));
    p->named = true;
    return ERR_NONE;
}

/* Brings the folder's entries to the disk too. */
static void sync_folder(const char *path)
{
    char *folder = folder_of(path);
    int fd = folder != NULL ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

enum error_code gguf_writer_end(struct gguf_writer *w, struct error *err)
{
    assert(w->entry == w->n);
    enum error_code code = end_part(w, err);
    for (size_t i = w->n_parts; i-- > 0 && code == ERR_NONE;) /* the first one last: without it there is no model */
        code = name_part(w, &w->parts[i], err);
    for (size_t i = 0; i < w->n_parts && code != ERR_NONE; i++)
        if (w->parts[i].named && !w->parts[i].there)
            unlink(w->parts[i].path);
    sync_folder(w->parts[0].path);
    return code;
}
