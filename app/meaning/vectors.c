/* Vectors: the writer's side, and opening for both.
 *
 * The writer holds a lock on the file and keeps in memory where each message is. It appends, or takes the place of one that
 * was dropped; when a quarter of the file is free, what is left goes to a new one. Nothing is brought to the disk by force:
 * what a crash of the machine loses is encoded again. */
#include <config.h>

#include "app/meaning/vectors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/meaning/vectors-file.h"
#include "app/meaning/vectors-search.h"
#include "app/meaning/vectors-table.h"

enum { OPEN_TRIES = 5, HOLES_MOST = 1000, ROOM_EXTRA = 66 /* bytes of a message beside one vector */ };

struct vectors {
    char *path;
    uint64_t encoder;
    size_t width;
    struct vectors_map map; /* for who searches; bytes NULL: nothing is mapped */
    /* for the writer: */
    int fd; /* locked; -1: this one searches */
    struct vectors_table table;
    size_t records, passages; /* in the file, and those of them that are in use */
    size_t *holes;            /* (n_holes) records that are free */
    size_t n_holes, capacity;
    unsigned char *buffer; /* records on their way to the file */
    size_t buffer_size;
};

static struct vectors *new_vectors(const char *path, uint64_t encoder, size_t width, struct error *err)
{
    struct vectors *v = calloc(1, sizeof *v);
    if (width == 0 || width > VECTORS_WIDTH) {
        error_set(err, ERR_UNSUPPORTED, "vectors of %zu elements; the file holds those of 1 to %d", width,
                  VECTORS_WIDTH);
        free(v);
        return NULL;
    }
    if (v == NULL || (v->path = strdup(path)) == NULL) {
        error_memory(err);
        free(v);
        return NULL;
    }
    v->encoder = encoder;
    v->width = width;
    v->fd = -1;
    return v;
}

void vectors_free(struct vectors *v)
{
    if (v == NULL)
        return;
    vectors_map_close(&v->map);
    if (v->fd >= 0)
        close(v->fd);
    vectors_table_free(&v->table);
    free(v->holes);
    free(v->buffer);
    free(v->path);
    free(v);
}

uint64_t vectors_hash(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return hash != 0 ? hash : 1;
}

static off_t offset_of(const struct vectors *v, size_t record)
{
    return (off_t)(sizeof(struct vectors_header) + record * vectors_record_size(v->width));
}

static bool write_at(int fd, const void *bytes, size_t size, off_t at)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, at + (off_t)done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool is_same_file(int fd, const char *path)
{
    struct stat mine, there;
    return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
}

/* ---- making room ------------------------------------------------------------------------------------------------ */

static bool hole_add(struct vectors *v, size_t record)
{
    if (v->n_holes == v->capacity) {
        const size_t capacity = 2 * v->capacity + 64;
        size_t *holes = realloc(v->holes, capacity * sizeof *holes);
        if (holes == NULL)
            return false;
        v->holes = holes;
        v->capacity = capacity;
    }
    v->holes[v->n_holes++] = record;
    return true;
}

/* Room for n records in v->buffer, zeroed. */
static bool make_buffer(struct vectors *v, size_t n)
{
    const size_t size = n * vectors_record_size(v->width);
    if (size > v->buffer_size) {
        unsigned char *buffer = realloc(v->buffer, size);
        if (buffer == NULL)
            return false;
        v->buffer = buffer;
        v->buffer_size = size;
    }
    memset(v->buffer, 0, size);
    return true;
}

/* Copies the messages of the table to a file, side by side, and notes their new places in to. */
static bool copy_messages(struct vectors *v, int fd, struct vectors_table *to)
{
    const size_t size = vectors_record_size(v->width);
    size_t n = 0;
    for (size_t i = 0; i < v->table.capacity; i++) {
        struct vectors_entry e = v->table.at[i];
        if (e.message <= 0)
            continue;
        if (!make_buffer(v, e.of) ||
            pread(v->fd, v->buffer, e.of * size, offset_of(v, e.first)) != (ssize_t)(e.of * size) ||
            !write_at(fd, v->buffer, e.of * size, offset_of(v, n)))
            return false;
        e.first = n;
        if (!vectors_table_add(to, &e))
            return false;
        n += e.of;
    }
    return true;
}

/* Puts a new file, locked, in the place of the present one, with what the table has. */
static enum error_code replace_file(struct vectors *v, struct error *err)
{
    const struct vectors_header header = vectors_header_make(v->encoder, v->width);
    struct vectors_table table = {0};
    const size_t size = strlen(v->path) + sizeof ".new";
    char *path = malloc(size);
    if (path == NULL)
        return error_memory(err);
    snprintf(path, size, "%s.new", v->path);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    errno = fd >= 0 ? ENOSPC : errno; /* what else a write or memory may lack is told likewise */
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && write_at(fd, &header, sizeof header, 0) &&
        copy_messages(v, fd, &table) && rename(path, v->path) == 0) {
        close(v->fd);
        v->fd = fd;
        vectors_table_free(&v->table);
        v->table = table;
        v->records = v->passages;
        v->n_holes = 0;
        free(path);
        return ERR_NONE;
    }
    error_system(err, ERR_IO, errno, "%s: can't be written", path);
    vectors_table_free(&table);
    if (fd >= 0) {
        unlink(path);
        close(fd);
    }
    free(path);
    return err->code;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Opens the file at v->path and locks it, unless it was replaced meanwhile. */
static bool open_locked(struct vectors *v, struct error *err)
{
    for (int i = 0; i < OPEN_TRIES; i++) {
        const int fd = open(v->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            error_system(err, ERR_IO, errno, "%s: can't be opened", v->path);
            return false;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            error_set(err, ERR_BUSY, "%s: another program writes it", v->path);
            close(fd);
            return false;
        }
        if (is_same_file(fd, v->path)) {
            v->fd = fd;
            return true;
        }
        close(fd);
    }
    error_set(err, ERR_BUSY, "%s: another program replaces it again and again", v->path);
    return false;
}

/* Whether all passages of a message follow each other from record i on. */
static bool is_whole(const struct vectors_map *m, size_t i)
{
    const struct vectors_record *first = vectors_map_at(m, i);
    if (!vectors_record_is_sound(first, m->width) || first->number != 0 || m->n - i < first->of)
        return false;
    for (uint16_t k = 1; k < first->of; k++) {
        const struct vectors_record *r = vectors_map_at(m, i + k);
        if (!vectors_record_is_sound(r, m->width) || r->message != first->message || r->hash != first->hash ||
            r->of != first->of || r->number != k)
            return false;
    }
    return true;
}

static bool free_record(struct vectors *v, size_t record)
{
    const int64_t none = 0;
    return write_at(v->fd, &none, sizeof none, offset_of(v, record)) && hole_add(v, record);
}

/* Takes what is sound; the rest becomes free. */
static bool load_records(struct vectors *v, const struct vectors_map *m)
{
    v->records = m->n;
    for (size_t i = 0; i < m->n;) {
        const struct vectors_record *r = vectors_map_at(m, i);
        if (r->message == 0 || !is_whole(m, i) || vectors_table_find(&v->table, r->message) != NULL) {
            if (!free_record(v, i++))
                return false;
            continue;
        }
        if (!vectors_table_add(&v->table, &(struct vectors_entry){r->message, r->hash, i, r->of}))
            return false;
        v->passages += r->of;
        i += r->of;
    }
    return true;
}

static bool load_file(struct vectors *v, struct error *err)
{
    struct vectors_map map = {0};
    const int fd = dup(v->fd);
    if (fd < 0 || !vectors_map_open(&map, fd, v->encoder, v->width)) {
        if (fd >= 0)
            close(fd);
        return replace_file(v, err) == ERR_NONE;
    }
    const bool good = load_records(v, &map);
    vectors_map_close(&map);
    if (!good)
        error_set(err, ERR_IO, "%s: can't be written, or memory is short", v->path);
    return good;
}

struct vectors *vectors_write(const char *path, uint64_t encoder, size_t width, struct error *err)
{
    struct vectors *v = new_vectors(path, encoder, width, err);
    if (v != NULL && open_locked(v, err) && load_file(v, err))
        return v;
    vectors_free(v);
    return NULL;
}

static bool map_file(struct vectors *v, struct error *err)
{
    const int fd = open(v->path, O_RDONLY | O_CLOEXEC);
    vectors_map_close(&v->map);
    if (fd >= 0 && vectors_map_open(&v->map, fd, v->encoder, v->width))
        return true;
    if (fd >= 0)
        close(fd);
    error_set(err, ERR_NOT_FOUND, "%s: no messages are encoded yet", v->path);
    return false;
}

struct vectors *vectors_read(const char *path, uint64_t encoder, size_t width, struct error *err)
{
    struct vectors *v = new_vectors(path, encoder, width, err);
    if (v != NULL && map_file(v, err))
        return v;
    vectors_free(v);
    return NULL;
}

/* ---- the writer ------------------------------------------------------------------------------------------------- */

size_t vectors_messages(const struct vectors *v)
{
    return v->table.n;
}

size_t vectors_passages(const struct vectors *v)
{
    return v->passages;
}

uint64_t vectors_bytes(const struct vectors *v)
{
    return (uint64_t)offset_of(v, v->records);
}

bool vectors_has(const struct vectors *v, int64_t message, uint64_t *hash)
{
    const struct vectors_entry *e = vectors_table_find(&v->table, message);
    if (e != NULL)
        *hash = e->hash;
    return e != NULL;
}

void vectors_each(const struct vectors *v, vectors_visit *visit, void *context)
{
    for (size_t i = 0; i < v->table.capacity; i++)
        if (v->table.at[i].message > 0)
            visit(context, v->table.at[i].message);
}

bool vectors_room(const struct vectors *v, size_t messages, size_t n)
{
    const size_t least = messages > VECTORS_FREE_MESSAGES ? messages : VECTORS_FREE_MESSAGES;
    const size_t bytes = least * (v->width + ROOM_EXTRA) - sizeof(struct vectors_header);
    const size_t records = bytes / vectors_record_size(v->width);
    const size_t others = messages > v->table.n + 1 ? messages - v->table.n - 1 : 0;
    const size_t taken = v->records - v->n_holes + others;
    return n <= 1 || (taken <= records && n <= records - taken);
}

static void fill_record(const struct vectors *v, unsigned char *at, int64_t message, uint64_t hash,
                        const struct vectors_passage *passage, size_t number, size_t of)
{
    struct vectors_record *r = (struct vectors_record *)(void *)at;
    *r = (struct vectors_record){.message = message,
                                 .hash = hash,
                                 .start = passage->start,
                                 .size = passage->size,
                                 .number = (uint16_t)number,
                                 .of = (uint16_t)of,
                                 .scale = passage->scale};
    memcpy(r + 1, passage->vector, v->width);
    r->check = vectors_record_check(r, v->width);
}

enum error_code vectors_put(struct vectors *v, int64_t message, uint64_t hash, const struct vectors_passage *passages,
                            size_t n, struct error *err)
{
    const size_t size = vectors_record_size(v->width);
    if (vectors_drop(v, message, err) != ERR_NONE)
        return err->code;
    if (!make_buffer(v, n))
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        fill_record(v, v->buffer + i * size, message, hash, &passages[i], i, n);
    const bool hole = n == 1 && v->n_holes > 0;
    const size_t first = hole ? v->holes[v->n_holes - 1] : v->records;
    if (!write_at(v->fd, v->buffer, n * size, offset_of(v, first)))
        return error_system(err, ERR_IO, errno, "%s: can't be written", v->path);
    if (!vectors_table_add(&v->table, &(struct vectors_entry){message, hash, first, (uint16_t)n}))
        return error_memory(err);
    v->n_holes -= hole;
    v->records += hole ? 0 : n;
    v->passages += n;
    return ERR_NONE;
}

enum error_code vectors_drop(struct vectors *v, int64_t message, struct error *err)
{
    struct vectors_entry *entry = vectors_table_find(&v->table, message);
    if (entry == NULL)
        return ERR_NONE;
    const struct vectors_entry e = *entry;
    vectors_table_drop(&v->table, entry);
    v->passages -= e.of;
    for (size_t i = 0; i < e.of; i++)
        if (!free_record(v, e.first + i))
            return error_system(err, ERR_IO, errno, "%s: can't be written", v->path);
    return v->n_holes > HOLES_MOST && v->n_holes > v->records / 4 ? replace_file(v, err) : ERR_NONE;
}

/* ---- searching -------------------------------------------------------------------------------------------------- */

/* Maps again what was replaced or has grown. */
static bool map_present(struct vectors *v, struct error *err)
{
    struct stat status;
    if (v->map.bytes != NULL && is_same_file(v->map.fd, v->path) && fstat(v->map.fd, &status) == 0 &&
        (size_t)status.st_size < v->map.size + v->map.record)
        return true;
    return map_file(v, err);
}

enum error_code vectors_search(struct vectors *v, const int8_t *query, float scale, struct vectors_found *found,
                               size_t *n, struct error *err)
{
    const size_t most = *n;
    *n = 0;
    if (!map_present(v, err))
        return err->code;
    *n = vectors_map_search(&v->map, query, scale, found, most);
    return ERR_NONE;
}

bool vectors_count(const char *path, uint64_t encoder, size_t *messages, uint64_t *bytes)
{
    struct vectors_header header;
    struct vectors_map map = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &header, sizeof header) != (ssize_t)sizeof header || header.width == 0 ||
        header.width > VECTORS_WIDTH || !vectors_map_open(&map, fd, encoder, header.width)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    *messages = 0;
    *bytes = map.size;
    for (size_t i = 0; i < map.n; i++)
        *messages += vectors_map_at(&map, i)->message > 0 && vectors_map_at(&map, i)->number == 0;
    vectors_map_close(&map);
    return true;
}
