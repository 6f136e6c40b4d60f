/* What a template's compilation or rendering works with: memory, steps and depth with bounds, and the one way out on
 * failure.
 *
 * All that a template makes lives until the whole heap is freed, so that nothing needs an owner of its own and a
 * failure may leave at once: jheap_fail fills the error and jumps to where the heap's user called setjmp(heap.out).
 * Every bound that is passed fails the same way; a template can neither hang nor fill the memory. Internal to
 * engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_HEAP_H
#define PALAVER_ENGINE_JINJA_HEAP_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct jheap_block;

struct jheap {
    struct jheap_block *blocks;
    char *free;         /* where the next small piece is cut */
    size_t left;        /* bytes from there to the block's end */
    size_t used, limit; /* bytes taken from the system, and the most */
    uint64_t steps;     /* still allowed */
    int depth, deepest; /* nesting, and the most */
    int line;           /* of the template, where work is being done; for messages */
    jmp_buf out;
    struct error *err;
    enum error_code code; /* of the failure */
};

/* Takes nothing from the system yet. err may be NULL and must outlive the heap. */
void jheap_open(struct jheap *h, size_t limit, uint64_t steps, int deepest, struct error *err);
void jheap_close(struct jheap *h);

/* size bytes, zeroed and aligned for any type; never NULL. */
void *jheap_take(struct jheap *h, size_t size);
/* An array with room for at least n + 1 items of `item` bytes, the first n as they were. *capacity is brought up to
 * date; items is what was returned before, or NULL with *capacity 0. */
void *jheap_room(struct jheap *h, void *items, size_t n, size_t *capacity, size_t item);
/* A copy of size bytes with a NUL after them. */
char *jheap_copy(struct jheap *h, const char *bytes, size_t size);
/* Formatted text, at most a few hundred bytes; longer is cut. */
char *jheap_printf(struct jheap *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Counts n steps; a step is about what looking at one node of the template costs. */
void jheap_work(struct jheap *h, uint64_t n);
/* Counts the steps of copying or comparing this many bytes. */
void jheap_read(struct jheap *h, size_t bytes);
/* Counts the steps of looking at this many bytes character by character. */
void jheap_scan(struct jheap *h, size_t bytes);
/* One level deeper; jheap_rise is its other end, and is not called on failure. */
void jheap_descend(struct jheap *h);
void jheap_rise(struct jheap *h);

/* Leaves with "line N: " and the message. */
_Noreturn void jheap_fail(struct jheap *h, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Leaves with the template's own words, size bytes, and ERR_ARGUMENT. */
_Noreturn void jheap_refuse(struct jheap *h, const char *words, size_t size);

#endif
