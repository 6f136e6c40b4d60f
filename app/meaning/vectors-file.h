/* Vectors-file: the form of the file, for the two sides that write and search it. */
#ifndef PALAVER_APP_MEANING_VECTORS_FILE_H
#define PALAVER_APP_MEANING_VECTORS_FILE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The file begins so. Numbers are as this machine has them: another one finds the file to be of another form. */
struct vectors_header {
    char magic[8];
    uint32_t form, width;
    uint64_t encoder; /* its fingerprint */
    uint64_t unused[4];
    uint64_t check;
};
static_assert(sizeof(struct vectors_header) == 64, "the header has no holes");

/* Then records follow, each followed by its vector. A record whose message is 0 is free. The passages of a message are
 * neighbours. */
struct vectors_record {
    int64_t message;
    uint64_t hash; /* of the message's text */
    uint32_t start, size;
    uint16_t number, of; /* this is passage `number`, from 0, `of` so many */
    float scale;
    uint64_t check; /* of all else, the vector included */
};
static_assert(sizeof(struct vectors_record) == 40, "a record has no holes");

/* An open file, mapped. */
struct vectors_map {
    int fd;
    const unsigned char *bytes;
    size_t size;   /* that are mapped */
    size_t record; /* bytes of one with its vector */
    size_t n;      /* whole records that are mapped */
    size_t width;
};

/* Bytes of a record with a vector of this width. */
size_t vectors_record_size(size_t width);
struct vectors_header vectors_header_make(uint64_t encoder, size_t width);
/* Maps what the file has now; false when it is none of this encoder and width, or can't be mapped. fd stays the caller's
 * until it is true. */
bool vectors_map_open(struct vectors_map *m, int fd, uint64_t encoder, size_t width);
void vectors_map_close(struct vectors_map *m);
const struct vectors_record *vectors_map_at(const struct vectors_map *m, size_t i);
/* Of a record with the vector that follows it. */
uint64_t vectors_record_check(const struct vectors_record *record, size_t width);
/* Whether what it says can be, and its check is right. */
bool vectors_record_is_sound(const struct vectors_record *record, size_t width);

#endif
