/* Bounded memory for templates, in blocks that are freed together. */
#include "config.h"

#include "engine/jinja/heap.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 15, ALIGN = alignof(max_align_t), BYTES_PER_STEP = 32, BYTES_PER_SCAN = 6 };

struct jheap_block {
    struct jheap_block *next;
    max_align_t bytes[];
};

void jheap_open(struct jheap *h, size_t limit, uint64_t steps, int deepest, struct error *err)
{
    memset(h, 0, sizeof *h);
    h->limit = limit;
    h->steps = steps;
    h->deepest = deepest;
    h->err = err;
}

void jheap_close(struct jheap *h)
{
    while (h->blocks != NULL) {
        struct jheap_block *next = h->blocks->next;
        free(h->blocks);
        h->blocks = next;
    }
    h->free = NULL;
    h->left = 0;
}

/* A block of its own for size bytes. */
static void *take_block(struct jheap *h, size_t size)
{
    struct jheap_block *block = NULL;
    if (size > h->limit - h->used)
        jheap_fail(h, ERR_MEMORY, "the template makes more than %zu MB of text and lists", h->limit >> 20);
    block = calloc(1, sizeof *block + size);
    if (block == NULL)
        jheap_fail(h, ERR_MEMORY, "out of memory");
    h->used += size;
    block->next = h->blocks;
    h->blocks = block;
    return block->bytes;
}

void *jheap_take(struct jheap *h, size_t size)
{
    if (size > h->limit)
        jheap_fail(h, ERR_MEMORY, "the template makes more than %zu MB of text and lists", h->limit >> 20);
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > BLOCK / 4)
        return take_block(h, size);
    if (size > h->left) {
        h->free = take_block(h, BLOCK);
        h->left = BLOCK;
    }
    void *piece = h->free;
    h->free += size;
    h->left -= size;
    return piece;
}

void *jheap_room(struct jheap *h, void *items, size_t n, size_t *capacity, size_t item)
{
    if (n < *capacity)
        return items;
    size_t more = *capacity == 0 ? 4 : *capacity * 2;
    if (more > SIZE_MAX / item)
        jheap_fail(h, ERR_MEMORY, "out of memory");
    void *larger = jheap_take(h, more * item);
    if (n > 0)
        memcpy(larger, items, n * item);
    *capacity = more;
    return larger;
}

char *jheap_copy(struct jheap *h, const char *bytes, size_t size)
{
    char *copy = jheap_take(h, size + 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *jheap_printf(struct jheap *h, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return jheap_copy(h, text, size < 0 ? 0 : (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

void jheap_work(struct jheap *h, uint64_t n)
{
    if (n > h->steps)
        jheap_fail(h, ERR_UNSUPPORTED, "the template does not come to an end");
    h->steps -= n;
}

void jheap_read(struct jheap *h, size_t bytes)
{
    jheap_work(h, bytes / BYTES_PER_STEP);
}

void jheap_scan(struct jheap *h, size_t bytes)
{
    jheap_work(h, bytes / BYTES_PER_SCAN);
}

void jheap_descend(struct jheap *h)
{
    if (h->depth == h->deepest)
        jheap_fail(h, ERR_UNSUPPORTED, "nested too deeply, more than %d levels", h->deepest);
    h->depth++;
}

void jheap_rise(struct jheap *h)
{
    h->depth--;
}

void jheap_fail(struct jheap *h, enum error_code code, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->code = code;
    error_set(h->err, code, "line %d: %s", h->line, text);
    longjmp(h->out, 1);
}

void jheap_refuse(struct jheap *h, const char *words, size_t size)
{
    h->code = ERR_ARGUMENT;
    error_set(h->err, ERR_ARGUMENT, "%.*s", size < 480 ? (int)size : 480, words);
    longjmp(h->out, 1);
}
