/* Vectors-file: mapping and checking. */
#include <config.h>

#include "app/meaning/vectors-file.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/meaning/vectors.h"

enum { FORM = 1 };
static const char magic[8] = "palavect";

/* FNV-1a over words of 64 bits; size is a multiple of 8, bytes are aligned so. */
static uint64_t hash_words(uint64_t hash, const void *bytes, size_t size)
{
    const uint64_t *words = bytes;
    for (size_t i = 0; i < size / sizeof *words; i++)
        hash = (hash ^ words[i]) * UINT64_C(1099511628211);
    return hash;
}

size_t vectors_record_size(size_t width)
{
    return sizeof(struct vectors_record) + (width + 7) / 8 * 8;
}

struct vectors_header vectors_header_make(uint64_t encoder, size_t width)
{
    struct vectors_header h = {.form = FORM, .width = (uint32_t)width, .encoder = encoder};
    memcpy(h.magic, magic, sizeof h.magic);
    h.check = hash_words(UINT64_C(14695981039346656037), &h, offsetof(struct vectors_header, check));
    return h;
}

bool vectors_map_open(struct vectors_map *m, int fd, uint64_t encoder, size_t width)
{
    struct stat status;
    const struct vectors_header wanted = vectors_header_make(encoder, width);
    if (fstat(fd, &status) != 0 || status.st_size < (off_t)sizeof wanted)
        return false;
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    *m = (struct vectors_map){.fd = fd, .bytes = bytes, .size = (size_t)status.st_size, .width = width};
    m->record = vectors_record_size(width);
    m->n = (m->size - sizeof wanted) / m->record;
    if (memcmp(bytes, &wanted, sizeof wanted) == 0)
        return true;
    munmap(bytes, m->size);
    *m = (struct vectors_map){0};
    return false;
}

void vectors_map_close(struct vectors_map *m)
{
    if (m->bytes == NULL)
        return;
    munmap((void *)m->bytes, m->size);
    close(m->fd);
    *m = (struct vectors_map){0};
}

const struct vectors_record *vectors_map_at(const struct vectors_map *m, size_t i)
{
    return (const struct vectors_record *)(const void *)(m->bytes + sizeof(struct vectors_header) + i * m->record);
}

uint64_t vectors_record_check(const struct vectors_record *record, size_t width)
{
    uint64_t hash = hash_words(UINT64_C(14695981039346656037), record, offsetof(struct vectors_record, check));
    return hash_words(hash, record + 1, vectors_record_size(width) - sizeof *record);
}

bool vectors_record_is_sound(const struct vectors_record *r, size_t width)
{
    return r->message > 0 && r->of >= 1 && r->of <= VECTORS_PASSAGES && r->number < r->of && r->hash != 0 &&
           isfinite(r->scale) && r->scale >= 0 && r->check == vectors_record_check(r, width);
}
