/* Rows from the pages of a database whose tables can no longer be followed.
 *
 * Every page that looks like a leaf of a table is read by itself, after SQLite's documentation of the file format
 * (https://www.sqlite.org/fileformat2.html, sections 1.5, 1.6, 2.1 and 4.1): cells with a row number and a record,
 * whose value types tell which table it belongs to. Nothing in a page is trusted: each offset and size is compared
 * with what is there. Pages of which the -wal has a newer form are read from it. */
#include <config.h>

#include "history/repair/salvage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"

#define LEAF_OF_A_TABLE 13
#define WAL_HEADER 32
#define FRAME_HEADER 24

struct mapped {
    const unsigned char *at;
    size_t size;
};

struct pages {
    struct mapped file, wal;
    uint32_t size; /* of a page */
    uint32_t n;
    const unsigned char **newer; /* by page number: its form in the -wal, NULL if it has none */
};

static uint32_t get_32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned get_16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* The SQLite varint at p; *used is its size in bytes, 0 when it passes the end. */
static uint64_t get_varint(const unsigned char *p, const unsigned char *end, size_t *used)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 9 && p + i < end; i++) {
        if (i == 8) {
            *used = 9;
            return value << 8 | p[8];
        }
        value = value << 7 | (p[i] & 127);
        if (p[i] < 128) {
            *used = i + 1;
            return value;
        }
    }
    *used = 0;
    return 0;
}

/* ---- pages ------------------------------------------------------------------------------------------------------- */

static struct mapped map_file(const char *path)
{
    struct mapped m = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return m;
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED)
            m = (struct mapped){at, (size_t)st.st_size};
    }
    close(fd);
    return m;
}

static bool is_page_size(uint32_t size)
{
    return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

/* From the header of the file, else of the -wal, else that of new databases. */
static uint32_t page_size(const struct pages *p)
{
    uint32_t size = p->file.size >= 100 ? get_16(p->file.at + 16) : 0;
    if (size == 1)
        size = 65536;
    if (!is_page_size(size) || memcmp(p->file.at, "SQLite format 3", 16) != 0)
        size = p->wal.size >= WAL_HEADER ? get_32(p->wal.at + 8) : 4096;
    return is_page_size(size) ? size : 4096;
}

/* Finds the pages that have a committed form in the -wal. */
static void read_wal(struct pages *p)
{
    size_t frame = FRAME_HEADER + (size_t)p->size, committed = WAL_HEADER;
    if (p->wal.size < WAL_HEADER || (get_32(p->wal.at) & ~1u) != 0x377f0682)
        return;
    for (size_t at = WAL_HEADER; at + frame <= p->wal.size && memcmp(p->wal.at + at + 8, p->wal.at + 16, 8) == 0;
         at += frame)
        if (get_32(p->wal.at + at + 4) != 0)
            committed = at + frame;
    for (size_t at = WAL_HEADER; at < committed; at += frame) {
        uint32_t number = get_32(p->wal.at + at);
        if (number > 0 && number <= p->n)
            p->newer[number] = p->wal.at + at + FRAME_HEADER;
    }
}

static bool open_pages(struct pages *p, const char *path)
{
    char wal[1200];
    snprintf(wal, sizeof wal, "%s-wal", path);
    *p = (struct pages){.file = map_file(path), .wal = map_file(wal)};
    p->size = page_size(p);
    size_t n = p->file.size / p->size + p->wal.size / p->size;
    p->n = n < UINT32_MAX - 1 ? (uint32_t)n : 0;
    p->newer = calloc((size_t)p->n + 1, sizeof *p->newer);
    if (p->newer == NULL)
        return false;
    read_wal(p);
    return true;
}

static void close_pages(struct pages *p)
{
    if (p->file.at != NULL)
        munmap((void *)p->file.at, p->file.size);
    if (p->wal.at != NULL)
        munmap((void *)p->wal.at, p->wal.size);
    free(p->newer);
}

static const unsigned char *find_page(const struct pages *p, uint32_t number)
{
    if (number == 0 || number > p->n)
        return NULL;
    if (p->newer[number] != NULL)
        return p->newer[number];
    return (size_t)number * p->size <= p->file.size ? p->file.at + (size_t)(number - 1) * p->size : NULL;
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

/* Reads the value of one type from *at; false when it does not fit. */
static bool get_value(uint64_t type, const unsigned char **at, const unsigned char *end, struct recover_value *out)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    *out = (struct recover_value){.type = VALUE_NULL};
    if (type == 10 || type == 11)
        return false;
    size_t size = type < 10 ? sizes[type] : (size_t)((type - 12) / 2);
    if (size > (size_t)(end - *at))
        return false;
    if (type >= 12) {
        out->type = type % 2 == 0 ? VALUE_BYTES : VALUE_TEXT;
        out->bytes = *at;
        out->size = size;
    } else if (type == 7) {
        uint64_t bits = (uint64_t)get_32(*at) << 32 | get_32(*at + 4);
        memcpy(&out->real, &bits, sizeof bits);
        out->type = VALUE_REAL;
    } else if (type > 0) {
        uint64_t value = size > 0 && (*at)[0] >= 128 ? UINT64_MAX : 0;
        for (size_t i = 0; i < size; i++)
            value = value << 8 | (*at)[i];
        out->type = VALUE_INTEGER;
        out->integer = type >= 8 ? (int64_t)type - 8 : (int64_t)value;
    }
    *at += size;
    return true;
}

/* Reads a record; returns the number of values, 0 when it is none. */
static int get_record(const unsigned char *record, size_t size, struct recover_value values[RECOVER_COLUMNS])
{
    const unsigned char *end = record + size;
    size_t used = 0;
    uint64_t header = get_varint(record, end, &used);
    if (used == 0 || header > size || header < used)
        return 0;
    const unsigned char *type_at = record + used, *types_end = record + header, *at = types_end;
    int n = 0;
    while (type_at < types_end) {
        uint64_t type = get_varint(type_at, types_end, &used);
        if (used == 0 || n == RECOVER_COLUMNS || !get_value(type, &at, end, &values[n]))
            return 0;
        type_at += used;
        n++;
    }
    return at == end ? n : 0;
}

static bool has_kind(const struct recover_value *v, char kind)
{
    switch (kind) {
    case 'n': return v->type == VALUE_NULL;
    case 'i': return v->type == VALUE_INTEGER;
    case 'I': return v->type == VALUE_INTEGER || v->type == VALUE_NULL;
    case 't': return v->type == VALUE_TEXT;
    case 'T': return v->type == VALUE_TEXT || v->type == VALUE_NULL;
    case 'r': return v->type == VALUE_REAL || v->type == VALUE_INTEGER;
    default: return v->type == VALUE_BYTES;
    }
}

static bool row_fits(const struct recover_table *table, const struct recover_value *values, int n)
{
    if (n < table->least || n > (int)strlen(table->kinds))
        return false;
    for (int i = 0; i < n; i++)
        if (!has_kind(&values[i], table->kinds[i]))
            return false;
    return true;
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* Gathers a payload of size bytes, of which local lie at p, from its chain of overflow pages. */
static bool gather_payload(const struct pages *pages, const unsigned char *p, size_t local, size_t size,
                           struct buf *out)
{
    buf_clear(out);
    buf_append(out, p, local);
    uint32_t next = size > local ? get_32(p + local) : 0;
    for (uint32_t guard = 0; out->size < size && guard < pages->n; guard++) {
        const unsigned char *overflow = find_page(pages, next);
        if (overflow == NULL)
            return false;
        size_t left = size - out->size, room = pages->size - 4;
        buf_append(out, overflow + 4, left < room ? left : room);
        next = get_32(overflow);
    }
    return out->size == size && !buf_failed(out);
}

/* Bytes of a payload that lie in the leaf itself. */
static size_t local_size(size_t usable, size_t payload)
{
    size_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    if (payload <= most)
        return payload;
    size_t size = least + (payload - least) % (usable - 4);
    return size <= most ? size : least;
}

struct scan {
    struct recovery *r;
    struct pages pages;
    const struct recover_table *table;
    struct buf payload;
};

static enum error_code read_cell(struct scan *s, const unsigned char *cell, const unsigned char *end, struct error *err)
{
    struct recover_value values[RECOVER_COLUMNS];
    size_t used = 0, more = 0;
    uint64_t size = get_varint(cell, end, &used);
    int64_t row = used > 0 ? (int64_t)get_varint(cell + used, end, &more) : 0;
    if (used == 0 || more == 0 || size < 3 || size > STORE_TEXT_MAX * 4)
        return ERR_NONE;
    const unsigned char *p = cell + used + more;
    size_t local = local_size(s->pages.size, (size_t)size);
    if (local + (size > local ? 4 : 0) > (size_t)(end - p) ||
        !gather_payload(&s->pages, p, local, (size_t)size, &s->payload))
        return ERR_NONE;
    int n = get_record((const unsigned char *)s->payload.data, s->payload.size, values);
    if (!row_fits(s->table, values, n))
        return ERR_NONE;
    if (s->table->kinds[0] == 'n')
        values[0] = (struct recover_value){.type = VALUE_INTEGER, .integer = row};
    return recover_put(s->r, values, n, err);
}

static enum error_code read_leaf(struct scan *s, uint32_t number, struct error *err)
{
    const unsigned char *at = find_page(&s->pages, number);
    size_t header = number == 1 ? 100 : 0;
    if (at == NULL || at[header] != LEAF_OF_A_TABLE)
        return ERR_NONE;
    unsigned n = get_16(at + header + 3);
    const unsigned char *pointers = at + header + 8, *end = at + s->pages.size;
    enum error_code code = ERR_NONE;
    for (unsigned i = 0; i < n && pointers + i * 2 + 2 <= end && code == ERR_NONE; i++) {
        unsigned offset = get_16(pointers + i * 2);
        if (offset >= header + 8 && offset < s->pages.size)
            code = read_cell(s, at + offset, end, err);
    }
    return code;
}

enum error_code salvage(struct recovery *r, const char *path, struct error *err)
{
    struct scan s = {.r = r};
    buf_init(&s.payload, STORE_TEXT_MAX * 4);
    enum error_code code = open_pages(&s.pages, path) ? ERR_NONE : db_memory(r->to, err);
    for (s.table = recover_tables; s.table->name != NULL && code == ERR_NONE; s.table++) {
        if (s.table->kinds == NULL)
            continue;
        code = recover_prepare(r, s.table, err);
        for (uint32_t i = 1; i <= s.pages.n && code == ERR_NONE; i++)
            code = read_leaf(&s, i, err);
    }
    close_pages(&s.pages);
    buf_free(&s.payload);
    return code;
}
