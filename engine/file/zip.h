/* Zip archives as torch writes them: stored members, found by the directory at the end (PKWARE's APPNOTE.TXT 6.3, with
 * its 64-bit records). */
#ifndef PALAVER_ENGINE_FILE_ZIP_H
#define PALAVER_ENGINE_FILE_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct zip_member {
    const char *name; /* name_size bytes of the archive, not NUL-terminated */
    size_t name_size;
    const unsigned char *data; /* size bytes of the archive */
    uint64_t size;
};

struct zip {
    struct zip_member *at; /* in the directory's order */
    size_t n;
};

/* Whether the bytes begin as an archive does. */
bool zip_claims(const unsigned char *bytes, uint64_t size);
/* Reads the directory. ERR_FORMAT when it is missing or points outside, ERR_UNSUPPORTED for compressed or encrypted
 * members; file is for messages. The members point into bytes. */
enum error_code zip_read(struct zip *z, const char *file, const unsigned char *bytes, uint64_t size, struct error *err);
void zip_free(struct zip *z);
/* The member whose name ends in "/" tail after its first folder; NULL when there is none. */
const struct zip_member *zip_find(const struct zip *z, const char *tail, size_t tail_size);
/* Of an archive whose directory is missing: where the first member's data begins; NULL when even that is not there. */
const unsigned char *zip_first_data(const unsigned char *bytes, uint64_t size);

#endif
