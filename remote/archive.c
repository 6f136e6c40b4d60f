/* Archive: the directory at the end, then the member, by zlib. APPNOTE.TXT of PKWARE describes the format. */
#include <config.h>

#include "remote/archive.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <zlib.h>

#include "base/error.h"

#define END_BYTES 22 /* the record at the end, without its comment */
#define COMMENT_MOST 65535
#define ENTRY_BYTES 46 /* an entry of the directory, without its names */
#define LOCAL_BYTES 30 /* the same in front of a member */
#define DIRECTORY_MOST (16 << 20)
#define STEP 65536

enum method { METHOD_STORED = 0, METHOD_DEFLATED = 8 };

struct archive {
    FILE *file;
    const char *path;
    int64_t size;
    struct error *err;
};

struct member {
    enum method method;
    int64_t at, packed, size; /* bytes: where its local header stands, in the archive, unpacked */
};

static uint32_t little(const unsigned char *bytes, int n)
{
    uint32_t value = 0;
    for (int i = n; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static enum error_code damaged(const struct archive *a, const char *what)
{
    return error_set(a->err, ERR_FORMAT, "%s: %s; the archive is damaged, remove it and fetch it again", a->path, what);
}

/* n bytes at an offset, which are compared with the archive's size first. */
static enum error_code read_at(const struct archive *a, int64_t at, void *out, size_t n)
{
    if (at < 0 || (int64_t)n > a->size || at > a->size - (int64_t)n)
        return damaged(a, "it is shorter than it says");
    if (fseeko(a->file, (off_t)at, SEEK_SET) != 0 || fread(out, 1, n, a->file) != n)
        return error_system(a->err, ERR_IO, errno, "%s: can't be read", a->path);
    return ERR_NONE;
}

/* Reads the directory; *n bytes, malloc'ed, NULL on failure. */
static unsigned char *read_directory(const struct archive *a, size_t *n)
{
    const size_t tail = a->size < END_BYTES + COMMENT_MOST ? (size_t)a->size : END_BYTES + COMMENT_MOST;
    unsigned char *end = malloc(tail), *directory = NULL;
    if (end == NULL) {
        error_memory(a->err);
        return NULL;
    }
    if (read_at(a, a->size - (int64_t)tail, end, tail) != ERR_NONE)
        goto out;
    size_t at = tail < END_BYTES ? 0 : tail - END_BYTES + 1;
    while (at > 0 && memcmp(end + at - 1, "PK\005\006", 4) != 0)
        at--;
    if (at == 0) {
        damaged(a, "it has no directory");
        goto out;
    }
    *n = little(end + at - 1 + 12, 4);
    const int64_t from = little(end + at - 1 + 16, 4);
    if (*n > DIRECTORY_MOST || from + (int64_t)*n > a->size) {
        damaged(a, "its directory is larger than it can be");
        goto out;
    }
    directory = malloc(*n + 1);
    if (directory == NULL)
        error_memory(a->err);
    else if (read_at(a, from, directory, *n) != ERR_NONE) {
        free(directory);
        directory = NULL;
    }
out:
    free(end);
    return directory;
}

static enum error_code find_member(const struct archive *a, const char *name, struct member *out)
{
    size_t n, at = 0;
    unsigned char *directory = read_directory(a, &n);
    bool found = false;
    if (directory == NULL)
        return a->err->code;
    while (!found && n - at >= ENTRY_BYTES && memcmp(directory + at, "PK\001\002", 4) == 0) {
        const unsigned char *e = directory + at;
        const size_t length = little(e + 28, 2), whole = ENTRY_BYTES + length + little(e + 30, 2) + little(e + 32, 2);
        if (whole > n - at)
            break;
        found = length == strlen(name) && memcmp(e + ENTRY_BYTES, name, length) == 0;
        if (found)
            *out = (struct member){(enum method)little(e + 10, 2), little(e + 42, 4), little(e + 20, 4),
                                   little(e + 24, 4)};
        at += whole;
    }
    free(directory);
    return found ? ERR_NONE : error_set(a->err, ERR_NOT_FOUND, "%s: holds no %s", a->path, name);
}

/* Moves to the first byte of the member. */
static enum error_code find_bytes(const struct archive *a, const struct member *m)
{
    unsigned char local[LOCAL_BYTES];
    if (read_at(a, m->at, local, sizeof local) != ERR_NONE)
        return a->err->code;
    if (memcmp(local, "PK\003\004", 4) != 0)
        return damaged(a, "a member does not lie where the directory says");
    const int64_t at = m->at + LOCAL_BYTES + little(local + 26, 2) + little(local + 28, 2);
    if (m->packed > a->size - at || fseeko(a->file, (off_t)at, SEEK_SET) != 0)
        return damaged(a, "it is shorter than it says");
    return ERR_NONE;
}

/* The next packed bytes; 0 at the end of the member. */
static size_t next_bytes(const struct archive *a, int64_t *left, unsigned char *out)
{
    const size_t want = *left < STEP ? (size_t)*left : STEP;
    const size_t got = fread(out, 1, want, a->file);
    if (got < want)
        damaged(a, "it can't be read to its end");
    *left -= (int64_t)got;
    return got;
}

static enum error_code copy_stored(const struct archive *a, const struct member *m, archive_take *take, void *context)
{
    unsigned char bytes[STEP];
    int64_t left = m->packed;
    for (size_t n; a->err->code == ERR_NONE && (n = next_bytes(a, &left, bytes)) > 0;)
        take(context, bytes, n, a->err);
    return a->err->code;
}

static enum error_code inflate_all(const struct archive *a, const struct member *m, z_stream *z, archive_take *take,
                                   void *context)
{
    unsigned char in[STEP], out[STEP];
    int64_t left = m->packed, made = 0;
    int state = Z_OK;
    while (state != Z_STREAM_END && a->err->code == ERR_NONE) {
        if (z->avail_in == 0) {
            z->next_in = in;
            z->avail_in = (uInt)next_bytes(a, &left, in);
        }
        z->next_out = out;
        z->avail_out = sizeof out;
        state = inflate(z, Z_NO_FLUSH);
        const size_t n = sizeof out - z->avail_out;
        made += (int64_t)n;
        if ((state != Z_OK && state != Z_STREAM_END) || made > m->size)
            return damaged(a, "a member can't be unpacked");
        if (n > 0 && a->err->code == ERR_NONE)
            take(context, out, n, a->err);
    }
    return a->err->code == ERR_NONE && made != m->size ? damaged(a, "a member is shorter than it says") : a->err->code;
}

static enum error_code unpack_deflated(const struct archive *a, const struct member *m, archive_take *take,
                                       void *context)
{
    z_stream z = {0};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return error_memory(a->err);
    const enum error_code code = inflate_all(a, m, &z, take, context);
    inflateEnd(&z);
    return code;
}

static enum error_code unpack_member(const struct archive *a, const char *name, int64_t size, archive_take *take,
                                     void *context)
{
    struct member m = {0};
    if (find_member(a, name, &m) != ERR_NONE || find_bytes(a, &m) != ERR_NONE)
        return a->err->code;
    if (m.size != size)
        return damaged(a, "a member has not the size that it should have");
    if (m.method == METHOD_STORED)
        return copy_stored(a, &m, take, context);
    if (m.method == METHOD_DEFLATED)
        return unpack_deflated(a, &m, take, context);
    return error_set(a->err, ERR_UNSUPPORTED, "%s: is packed by method %d, which is not known here", a->path,
                     (int)m.method);
}

enum error_code archive_unpack(const char *path, const char *member, int64_t size, archive_take *take, void *context,
                               struct error *err)
{
    struct archive a = {.file = fopen(path, "re"), .path = path, .err = err};
    if (a.file == NULL)
        return error_system(err, ERR_IO, errno, "%s: can't be read", path);
    enum error_code code;
    if (fseeko(a.file, 0, SEEK_END) != 0 || (a.size = ftello(a.file)) < 0)
        code = error_system(err, ERR_IO, errno, "%s: can't be read", path);
    else
        code = unpack_member(&a, member, size, take, context);
    fclose(a.file);
    return code;
}
