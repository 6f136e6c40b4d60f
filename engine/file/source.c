/* Sources: which reader a path calls for, and opening it. */
#include <config.h>

#include "engine/file/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/file/source-kind.h"

#define HEAD_BYTES 64

static const struct source_kind *const kinds[] = {&gguf_kind, &hf_kind, &meta_kind};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static const struct source_kind *kind_of(const char *path, const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->claims(path, head, n))
            return kinds[i];
    return NULL;
}

/* The kind of a folder. */
static const struct source_kind *find_folder_kind(const char *path, struct error *err)
{
    const struct source_kind *kind = kind_of(path, NULL, 0);
    if (kind == NULL)
        error_set(err, ERR_FORMAT,
                  "%s: the folder is no model: it has no config.json (Hugging Face) and no params.json (Meta); "
                  "for GGUF give the file in it",
                  source_label(path));
    return kind;
}

static const struct source_kind *find_kind(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return find_folder_kind(path, err);
    int fd = source_open_regular(path, &st, err);
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
        source_refuse(path, head, (size_t)n, err);
    return kind;
}

/* Reads path into a source that holds nothing yet but, perhaps, the memory it lies in. NULL frees it. */
static struct source *read_kind(struct source *s, const struct source_kind *kind, const char *path, bool vocab_only,
                                struct error *err)
{
    if (kind->read(s, path, vocab_only, err) == ERR_NONE)
        return s;
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
        error_memory(err);
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
        source_refuse(name, bytes, head, err);
        return NULL;
    }
    struct source *s = calloc(1, sizeof *s);
    if (s == NULL || !source_add_map(s, (struct source_map){.bytes = bytes, .size = size}, err)) {
        error_memory(err);
        source_free(s);
        return NULL;
    }
    return read_kind(s, kind, name, vocab_only, err);
}
