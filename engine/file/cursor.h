/* Bounds-checked reading of a binary file in little-endian order.
 *
 * All arithmetic on mapped bytes is done here. A read past the end returns zero or NULL and makes the cursor failed; it
 * stays so, and stays where the first bad read began, so that a reader may read a whole record and ask once. */
#ifndef PALAVER_ENGINE_FILE_CURSOR_H
#define PALAVER_ENGINE_FILE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

struct cursor {
    const unsigned char *bytes; /* (size), owned by the caller */
    uint64_t size;
    uint64_t at;     /* offset of the next read; of the first bad one when failed */
    uint64_t wanted; /* bytes that the first bad read asked for */
    bool failed;
};

void cursor_init(struct cursor *c, const void *bytes, uint64_t size);
/* Bytes from here to the end; 0 when failed. */
uint64_t cursor_left(const struct cursor *c);
/* Moves to an offset from the beginning; the end itself is allowed. */
bool cursor_seek(struct cursor *c, uint64_t offset);
/* The next n bytes, NULL when there are fewer. n may be 0. */
const void *cursor_take(struct cursor *c, uint64_t n);

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
float cursor_f32(struct cursor *c);
double cursor_f64(struct cursor *c);
/* A 64-bit length and as many bytes, not NUL-terminated; NULL when they are not all there, and the cursor then stands
 * at the length. */
const char *cursor_string(struct cursor *c, uint64_t *size);

#endif
