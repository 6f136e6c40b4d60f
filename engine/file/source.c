/* Sources: finding out what lies at a path, mapping it, and saying what it is when it is no model.
 *
 * A file is mapped shared and read-only. Only what opening looks at is asked for ahead, so that a disk gets these reads
 * at once and not one after another; the weights come in as the forward pass walks over them. */
#include <config.h>

#include "engine/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/file/cursor.h"
#include "engine/file/source-kind.h"

#define HEAD_BYTES 64
#define HEAD_AHEAD (4 << 20) /* the metadata and the vocabulary, as a rule */
#define LABEL_BYTES 160 /* a longer path is named by its last part, so that the rest of a message has room */

static const struct source_kind *const kinds[] = {&gguf_kind};

const char *source_label(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strlen(path) > LABEL_BYTES && slash != NULL ? slash + 1 : path;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* What a file that no kind claims is, and what to do about it. */
static const struct foreign {
    const char *head, *what;
} foreigners[] = {
    {"version https://git-lfs", "is a Git LFS pointer, not the model itself; fetch it with 'git lfs pull'"},
    {"<!DOCTYPE", "is a web page, not a model; download the file itself"},
    {"<!doctype", "is a web page, not a model; download the file itself"},
    {"<html", "is a web page, not a model; download the file itself"},
    {"tjgg", "is a model in the GGML format of before August 2023; convert it to GGUF"},
    {"fmgg", "is a model in the GGML format of before August 2023; convert it to GGUF"},
    {"lmgg", "is a model in the GGML format of before August 2023; convert it to GGUF"},
    {"PK\x03\x04", "is a zip archive (a PyTorch checkpoint?), not a GGUF model; convert it to GGUF"},
};

static enum error_code refuse(const char *path, const unsigned char *head, size_t n, struct error *err)
{
    if (n == 0)
        return error_set(err, ERR_FORMAT, "%s: the file is empty; fetch the model again", source_label(path));
    for (size_t i = 0; i < sizeof foreigners / sizeof *foreigners; i++) {
        size_t length = strlen(foreigners[i].head);
        if (n >= length && memcmp(head, foreigners[i].head, length) == 0)
            return error_set(err, ERR_FORMAT, "%s: this %s", source_label(path), foreigners[i].what);
    }
    return error_set(err, ERR_FORMAT, "%s: not a model that Palaver can read (a GGUF file begins with 'GGUF')",
                     source_label(path));
}

/* Opens a regular file. Not blocking, so that a pipe is refused rather than waited for. */
static int open_regular(const char *path, struct stat *st, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error_system(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s: cannot open the model",
                     source_label(path));
        return -1;
    }
    if (fstat(fd, st) != 0)
        error_system(err, ERR_IO, errno, "%s: cannot examine the file", source_label(path));
    else if (S_ISDIR(st->st_mode))
        error_set(err, ERR_FORMAT, "%s: is a folder; give the .gguf file in it", source_label(path));
    else if (!S_ISREG(st->st_mode))
        error_set(err, ERR_FORMAT, "%s: is not a regular file; a model must lie on disk", source_label(path));
    else
        return fd;
    close(fd);
    return -1;
}

static const struct source_kind *kind_of(const char *path, const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->claims(path, head, n))
            return kinds[i];
    return NULL;
}

static const struct source_kind *find_kind(const char *path, struct error *err)
{
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0)
        return NULL;
    unsigned char head[HEAD_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);
    int failure = errno;
    close(fd);
    if (n < 0) {
        error_system(err, ERR_IO, failure, "%s: cannot read the file", source_label(path));
        return NULL;
    }
    const struct source_kind *kind = kind_of(path, head, (size_t)n);
    if (kind == NULL)
        refuse(path, head, (size_t)n, err);
    return kind;
}

static bool add_map(struct source *s, struct source_map map, struct error *err)
{
    struct source_map *maps = realloc(s->maps, (s->n_maps + 1) * sizeof *maps);
    if (maps == NULL) {
        error_set(err, ERR_MEMORY, "out of memory");
        return false;
    }
    s->maps = maps;
    s->maps[s->n_maps++] = map;
    return true;
}

void source_expect(const void *bytes, uint64_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)bytes & ~(page - 1);
    posix_madvise((void *)start, (size_t)((uintptr_t)bytes + size - start), POSIX_MADV_WILLNEED);
}

bool source_map_file(struct source *s, const char *path, struct source_map *out, struct error *err)
{
    if (s->n_maps == 1 && !s->maps[0].mapped) {
        *out = s->maps[0];
        return true;
    }
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0)
        return false;
    struct source_map map = {.size = (uint64_t)st.st_size, .mapped = true};
    void *bytes = map.size == 0 ? NULL : mmap(NULL, (size_t)map.size, PROT_READ, MAP_SHARED, fd, 0);
    int failure = errno;
    close(fd);
    if (map.size == 0)
        return refuse(path, NULL, 0, err) == ERR_NONE;
    if (bytes == MAP_FAILED)
        return error_system(err, ERR_IO, failure, "%s: cannot map the file into memory", source_label(path)) == ERR_NONE;
    source_expect(bytes, map.size < HEAD_AHEAD ? map.size : HEAD_AHEAD);
    map.bytes = bytes;
    *out = map;
    if (add_map(s, map, err))
        return true;
    munmap(bytes, (size_t)map.size);
    return false;
}

/* Reads path into a source that holds nothing yet but, perhaps, the memory it lies in. NULL frees it. */
static struct source *read_kind(struct source *s, const struct source_kind *kind, const char *path, bool vocab_only,
                                struct error *err)
{
    if (kind->read(s, path, vocab_only, err) == ERR_NONE) {
        s->fingerprint = source_hash(s);
        return s;
    }
    source_free(s);
    return NULL;
}

struct source *source_open(const char *path, bool vocab_only, struct error *err)
{
    const struct source_kind *kind = find_kind(path, err);
    if (kind == NULL)
        return NULL;
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, ERR_MEMORY, "out of memory");
        return NULL;
    }
    return read_kind(s, kind, path, vocab_only, err);
}

struct source *source_open_memory(const char *name, const void *bytes, uint64_t size, bool vocab_only,
                                  struct error *err)
{
    size_t head = size < HEAD_BYTES ? (size_t)size : HEAD_BYTES;
    const struct source_kind *kind = kind_of(name, bytes, head);
    if (kind == NULL) {
        refuse(name, bytes, head, err);
        return NULL;
    }
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL || !add_map(s, (struct source_map){.bytes = bytes, .size = size}, err)) {
        error_set(err, ERR_MEMORY, "out of memory");
        source_free(s);
        return NULL;
    }
    return read_kind(s, kind, name, vocab_only, err);
}

void source_free(struct source *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_values; i++) {
        free(s->values[i].key);
        free(s->values[i].value.offsets);
    }
    for (size_t i = 0; i < s->n_tensors; i++)
        free(s->tensors[i].name);
    for (size_t i = 0; i < s->n_maps; i++)
        if (s->maps[i].mapped)
            munmap((void *)(uintptr_t)s->maps[i].bytes, (size_t)s->maps[i].size);
    names_free(&s->keys);
    names_free(&s->tensor_names);
    free(s->values);
    free(s->tensors);
    free(s->maps);
    free(s);
}
