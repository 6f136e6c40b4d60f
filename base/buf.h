/* A growable byte buffer with a maximum from birth.
 *
 * The bytes are always followed by a NUL, which size does not count. An append that would exceed the maximum, or finds
 * no memory, changes nothing and makes the buffer failed: later appends are refused too, so that a caller may append
 * many times and ask once, with buf_failed. */
#ifndef PALAVER_BASE_BUF_H
#define PALAVER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* size bytes and a NUL; NULL while nothing was appended */
    size_t size;
    size_t capacity;
    size_t max; /* bytes that size never exceeds */
    bool failed;
};

/* Makes an empty buffer; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Releases the bytes and leaves an empty, usable buffer with the same maximum. */
void buf_free(struct buf *b);
/* Keeps the memory, forgets the bytes and a failure. */
void buf_clear(struct buf *b);
/* Each returns false when the buffer is failed afterwards. */
bool buf_append(struct buf *b, const void *bytes, size_t size);
bool buf_puts(struct buf *b, const char *text);
bool buf_putc(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Shortens to size bytes; a larger size is left alone. */
void buf_truncate(struct buf *b, size_t size);
/* Takes the first bytes away, as many as there are. */
void buf_drop(struct buf *b, size_t size);
bool buf_failed(const struct buf *b);
/* The text, "" while empty. Owned by the buffer, valid until its next change. */
const char *buf_text(const struct buf *b);
/* Hands the bytes (malloc'ed, NUL-terminated, never NULL unless failed or out of memory) to the caller and empties the
 * buffer. */
char *buf_take(struct buf *b);

#endif
