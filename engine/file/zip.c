/* Reading a zip archive's directory. */
#include "engine/file/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/cursor.h"
#include "engine/file/source-kind.h"

enum {
    LOCAL_MAGIC = 0x04034b50,
    MEMBER_MAGIC = 0x02014b50,
    END_MAGIC = 0x06054b50,
    END64_MAGIC = 0x06064b50,
    LOCATOR64_MAGIC = 0x07064b50,
    END_BYTES = 22,
    LOCATOR64_BYTES = 20,
    MEMBER_LEAST = 46,
    COMMENT_LONGEST = 65535,
    HEADER_AHEAD = 256,
};

struct directory {
    uint64_t offset, members;
};

bool zip_claims(const unsigned char *bytes, uint64_t size)
{
    struct cursor c;
    cursor_init(&c, bytes, size);
    return cursor_u32(&c) == LOCAL_MAGIC && !c.failed;
}

/* The 64-bit end record that stands before the plain one at `end`. */
static bool read_end64(struct cursor *c, uint64_t end, struct directory *d)
{
    if (end < LOCATOR64_BYTES || !cursor_seek(c, end - LOCATOR64_BYTES) || cursor_u32(c) != LOCATOR64_MAGIC)
        return false;
    cursor_u32(c); /* disk */
    const uint64_t at = cursor_u64(c);
    if (!cursor_seek(c, at) || cursor_u32(c) != END64_MAGIC)
        return false;
    cursor_take(c, 8 + 2 + 2 + 4 + 4 + 8); /* size of the record, versions, disks, members on this disk */
    d->members = cursor_u64(c);
    cursor_u64(c); /* the directory's size */
    d->offset = cursor_u64(c);
    return !c->failed;
}

/* Looks for the end record from the end of the file on; a comment may follow it. */
static bool find_directory(const unsigned char *bytes, uint64_t size, struct directory *d)
{
    const uint64_t farthest = size > END_BYTES + COMMENT_LONGEST ? size - END_BYTES - COMMENT_LONGEST : 0;
    if (size < END_BYTES)
        return false;
    for (uint64_t end = size - END_BYTES;; end--) {
        struct cursor c;
        cursor_init(&c, bytes, size);
        cursor_seek(&c, end);
        if (cursor_u32(&c) == END_MAGIC) {
            cursor_take(&c, 2 + 2 + 2); /* disks, members on this disk */
            d->members = cursor_u16(&c);
            cursor_u32(&c);
            d->offset = cursor_u32(&c);
            return (d->members != UINT16_MAX && d->offset != UINT32_MAX) || read_end64(&c, end, d);
        }
        if (end == farthest)
            return false;
    }
}

/* The sizes and the offset that the 64-bit extra field gives in place of those that are all ones. */
static void read_extra64(const unsigned char *extra, size_t n, uint64_t *whole, uint64_t *stored, uint64_t *offset)
{
    struct cursor c;
    cursor_init(&c, extra, n);
    while (cursor_left(&c) >= 4) {
        const uint16_t id = cursor_u16(&c), size = cursor_u16(&c);
        const unsigned char *field = cursor_take(&c, size);
        if (field == NULL)
            return;
        if (id != 1)
            continue;
        struct cursor f;
        cursor_init(&f, field, size);
        *whole = *whole == UINT32_MAX ? cursor_u64(&f) : *whole;
        *stored = *stored == UINT32_MAX ? cursor_u64(&f) : *stored;
        *offset = *offset == UINT32_MAX ? cursor_u64(&f) : *offset;
        return;
    }
}

/* Where the data of the member with a local header at `offset` begins; false when the header is not there. */
static bool find_data(const unsigned char *bytes, uint64_t size, uint64_t offset, uint64_t *data)
{
    struct cursor c;
    cursor_init(&c, bytes, size);
    if (!cursor_seek(&c, offset) || cursor_u32(&c) != LOCAL_MAGIC)
        return false;
    cursor_take(&c, 22); /* version to sizes */
    const uint16_t name = cursor_u16(&c), extra = cursor_u16(&c);
    cursor_take(&c, (uint64_t)name + extra);
    *data = c.at;
    return !c.failed;
}

static enum error_code outside(const char *file, const struct zip_member *m, struct error *err)
{
    return error_set(err, ERR_FORMAT, "%s: a member of the archive (%.*s) lies outside of the file; fetch it again",
                     file, (int)(m->name_size < 80 ? m->name_size : 80), m->name);
}

/* Reads an entry of the directory: all of a member but its data; *offset is where its local header stands. */
static enum error_code read_member(struct cursor *c, const char *file, struct zip_member *m, uint64_t *offset,
                                   struct error *err)
{
    const bool right = cursor_u32(c) == MEMBER_MAGIC;
    cursor_take(c, 2 + 2);
    const uint16_t flags = cursor_u16(c), method = cursor_u16(c);
    cursor_take(c, 2 + 2 + 4); /* time, date, checksum */
    uint64_t stored = cursor_u32(c), whole = cursor_u32(c);
    const uint16_t name = cursor_u16(c), extra = cursor_u16(c), comment = cursor_u16(c);
    cursor_take(c, 2 + 2 + 4); /* disk, attributes */
    *offset = cursor_u32(c);
    m->name = cursor_take(c, name);
    m->name_size = name;
    const unsigned char *fields = cursor_take(c, extra);
    cursor_take(c, comment);
    if (c->failed || !right)
        return error_set(err, ERR_FORMAT, "%s: the archive's directory is damaged; fetch the file again", file);
    read_extra64(fields, extra, &whole, &stored, offset);
    if (method != 0 || (flags & 1) != 0)
        return error_set(err, ERR_UNSUPPORTED, "%s: the archive is %s; save it with torch.save as it is by default",
                         file, method != 0 ? "compressed" : "encrypted");
    m->size = stored;
    return whole == stored ? ERR_NONE : outside(file, m, err);
}

/* Local headers lie all over the file, one before each member: they are asked for together, or a disk would be waited for
 * some hundred times, and read much around each. */
static enum error_code find_members(struct zip *z, const char *file, const uint64_t *offsets,
                                    const unsigned char *bytes, uint64_t size, struct error *err)
{
    for (size_t i = 0; i < z->n; i++)
        if (offsets[i] < size)
            source_expect(bytes + offsets[i], size - offsets[i] < HEADER_AHEAD ? size - offsets[i] : HEADER_AHEAD);
    for (size_t i = 0; i < z->n; i++) {
        uint64_t data;
        if (!find_data(bytes, size, offsets[i], &data) || z->at[i].size > size - data)
            return outside(file, &z->at[i], err);
        z->at[i].data = bytes + data;
    }
    return ERR_NONE;
}

enum error_code zip_read(struct zip *z, const char *file, const unsigned char *bytes, uint64_t size, struct error *err)
{
    struct directory d;
    struct cursor c;
    *z = (struct zip){0};
    cursor_init(&c, bytes, size);
    if (!find_directory(bytes, size, &d) || !cursor_seek(&c, d.offset))
        return error_set(err, ERR_FORMAT, "%s: the directory at the archive's end is missing; fetch the file again",
                         file);
    if (d.members > cursor_left(&c) / MEMBER_LEAST)
        return error_set(err, ERR_FORMAT,
                         "%s: the archive announces %" PRIu64 " members, but has room for %" PRIu64
                         "; fetch the file again",
                         file, d.members, cursor_left(&c) / MEMBER_LEAST);
    uint64_t *offsets = calloc((size_t)d.members + 1, sizeof *offsets);
    z->at = calloc((size_t)d.members + 1, sizeof *z->at);
    enum error_code code = z->at != NULL && offsets != NULL ? ERR_NONE : error_memory(err);
    for (uint64_t i = 0; i < d.members && code == ERR_NONE; i++, z->n++)
        code = read_member(&c, file, &z->at[z->n], &offsets[i], err);
    if (code == ERR_NONE)
        code = find_members(z, file, offsets, bytes, size, err);
    free(offsets);
    if (code != ERR_NONE)
        zip_free(z);
    return code;
}

void zip_free(struct zip *z)
{
    free(z->at);
    *z = (struct zip){0};
}

const struct zip_member *zip_find(const struct zip *z, const char *tail, size_t tail_size)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_member *m = &z->at[i];
        const char *slash = memchr(m->name, '/', m->name_size);
        const size_t n = slash != NULL ? m->name_size - (size_t)(slash + 1 - m->name) : 0;
        if (slash != NULL && n == tail_size && memcmp(slash + 1, tail, n) == 0)
            return m;
    }
    return NULL;
}

const unsigned char *zip_first_data(const unsigned char *bytes, uint64_t size)
{
    uint64_t data;
    return find_data(bytes, size, 0, &data) ? bytes + data : NULL;
}
