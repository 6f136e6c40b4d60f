/* The files of a source: mapping them, naming them in messages, and saying what one is when it is no model.
 *
 * A file is mapped shared and read-only. Only what opening looks at is asked for ahead, so that a disk gets these reads
 * at once and not one after another; the weights come in as the forward pass walks over them. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"

#define HEAD_AHEAD (4 << 20)    /* the metadata and the vocabulary, as a rule */
#define ORDER_BYTES (128 << 10) /* Linux reads no more for one order than a disk is set to read ahead, this as a rule */
#define LABEL_BYTES 160         /* a longer path is named by its last part, so that the rest of a message has room */

const char *source_label(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strlen(path) > LABEL_BYTES && slash != NULL ? slash + 1 : path;
}

/* ---- what is no model ------------------------------------------------------------------------------------------- */

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
    {"PK\x03\x04", "is a zip archive; of a PyTorch checkpoint give the folder that it lies in"},
};

enum error_code source_refuse(const char *path, const unsigned char *head, size_t n, struct error *err)
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

/* Not blocking, so that a pipe is refused rather than waited for. */
int source_open_regular(const char *path, struct stat *st, struct error *err)
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

/* ---- mapping ---------------------------------------------------------------------------------------------------- */

bool source_add_map(struct source *s, struct source_map map, struct error *err)
{
    struct source_map *maps = realloc(s->maps, (s->n_maps + 1) * sizeof *maps);
    if (maps == NULL) {
        error_memory(err);
        return false;
    }
    s->maps = maps;
    s->maps[s->n_maps++] = map;
    return true;
}

void source_expect(const void *bytes, uint64_t size)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = (uintptr_t)bytes + size;
    for (uintptr_t at = (uintptr_t)bytes & ~(page - 1), next; at < end; at = next) {
        next = end - at < ORDER_BYTES ? end : at + ORDER_BYTES;
        posix_madvise((void *)at, next - at, POSIX_MADV_WILLNEED);
    }
}

bool source_has_file(const struct source *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    for (size_t i = 0; i < s->n_maps; i++)
        if (s->maps[i].mapped && s->maps[i].device == st.st_dev && s->maps[i].inode == st.st_ino)
            return true;
    return false;
}

bool source_map_file(struct source *s, const char *path, struct source_map *out, struct error *err)
{
    if (s->n_maps == 1 && !s->maps[0].mapped && !s->maps[0].owned) {
        *out = s->maps[0];
        return true;
    }
    struct stat st;
    int fd = source_open_regular(path, &st, err);
    if (fd < 0)
        return false;
    struct source_map map = {
        .size = (uint64_t)st.st_size, .mapped = true, .fd = fd, .device = st.st_dev, .inode = st.st_ino};
    void *bytes = map.size == 0 ? MAP_FAILED : mmap(NULL, (size_t)map.size, PROT_READ, MAP_SHARED, fd, 0);
    if (map.size == 0)
        source_refuse(path, NULL, 0, err);
    else if (bytes == MAP_FAILED)
        error_system(err, ERR_IO, errno, "%s: cannot map the file into memory", source_label(path));
    map.bytes = bytes;
    if (bytes != MAP_FAILED && source_add_map(s, map, err)) {
        source_expect(bytes, map.size < HEAD_AHEAD ? map.size : HEAD_AHEAD);
        *out = map;
        return true;
    }
    if (bytes != MAP_FAILED)
        munmap(bytes, (size_t)map.size);
    close(fd);
    return false;
}
