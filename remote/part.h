/* Part: a file that grows under another name, TARGET.part, until it is whole and right. Beside it lies TARGET.part.from,
 * a few lines on where the bytes came from, so that a later run continues only what is the same file. Internal to
 * remote. */
#ifndef PALAVER_REMOTE_PART_H
#define PALAVER_REMOTE_PART_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/digest.h"

/* Where a part's bytes come from. */
struct part_origin {
    char source[DIGEST_TEXT]; /* SHA-256 of the address, which may hold a secret */
    char validator[200];      /* what the server knows the file's version by; "": nothing */
    int64_t total;            /* bytes of the whole file; -1: unknown */
};

struct part {
    int fd;
    char *target, *path, *notes; /* owned */
    int64_t size;                /* bytes that are there */
    struct digest *digest;       /* of these */
    struct part_origin origin;
};

/* Opens or makes the part of target, for this process alone: ERR_BUSY while another one has it. What is there from
 * another source, or without notes, is dropped; what stays counts into size and is not in the digest yet, see part_read.
 * On failure nothing is to be closed. */
enum error_code part_open(struct part *p, const char *target, const char *source, enum digest_kind kind, int64_t total,
                          struct error *err);
/* Adds up to n of the bytes that were there at first to the digest, from `at` on; returns how many, 0 at the end, -1 with
 * err filled. */
int64_t part_read(struct part *p, int64_t at, size_t n, struct error *err);
/* Drops all bytes. */
enum error_code part_restart(struct part *p, struct error *err);
/* Writes down where the next bytes come from. */
enum error_code part_note(struct part *p, const char *validator, int64_t total, struct error *err);
enum error_code part_add(struct part *p, const void *bytes, size_t n, struct error *err);
/* Brings the part to the disk and gives it its name. Nothing that has the name is replaced. */
enum error_code part_finish(struct part *p, struct error *err);
/* Closes it. A part without a byte is removed, any other stays for the next time. */
void part_close(struct part *p);

#endif
