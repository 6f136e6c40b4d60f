/* A growable byte buffer: doubling growth up to the maximum. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 64 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* Makes room for more bytes and a NUL. */
static bool buf_reserve(struct buf *b, size_t more)
{
    if (b->failed || more > b->max - b->size) {
        b->failed = true;
        return false;
    }
    size_t need = b->size + more + 1;
    if (need <= b->capacity)
        return true;
    const size_t least = b->capacity == 0 && need > LEAST ? need : LEAST; /* most texts come whole and never grow */
    size_t capacity = b->capacity < least ? least : b->capacity;
    while (capacity < need)
        capacity = capacity > need / 2 ? need : capacity * 2;
    if (capacity < b->capacity + b->capacity / 2)
        capacity = b->capacity + b->capacity / 2;
    char *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

bool buf_append(struct buf *b, const void *bytes, size_t size)
{
    if (!buf_reserve(b, size))
        return false;
    if (size > 0)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
    b->data[b->size] = '\0';
    return true;
}

bool buf_puts(struct buf *b, const char *text)
{
    return buf_append(b, text, strlen(text));
}

bool buf_putc(struct buf *b, char c)
{
    return buf_append(b, &c, 1);
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    bool ok = need >= 0 && buf_reserve(b, (size_t)need);
    if (ok) {
        vsnprintf(b->data + b->size, (size_t)need + 1, format, again);
        b->size += (size_t)need;
    } else {
        b->failed = true;
    }
    va_end(again);
    return ok;
}

void buf_truncate(struct buf *b, size_t size)
{
    if (size < b->size) {
        b->size = size;
        b->data[size] = '\0';
    }
}

void buf_drop(struct buf *b, size_t size)
{
    if (size >= b->size) {
        buf_truncate(b, 0);
        return;
    }
    memmove(b->data, b->data + size, b->size - size + 1);
    b->size -= size;
}

bool buf_failed(const struct buf *b)
{
    return b->failed;
}

const char *buf_text(const struct buf *b)
{
    return b->data == NULL ? "" : b->data;
}

char *buf_take(struct buf *b)
{
    if (b->failed || (b->data == NULL && !buf_reserve(b, 0)))
        return NULL;
    char *data = b->data;
    data[b->size] = '\0';
    buf_init(b, b->max);
    return data;
}
