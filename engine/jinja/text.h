/* Strings of a template's world: bytes that know where they come from.
 *
 * Each byte has an origin: 0 is the template itself, other numbers are what the caller gave with the strings it
 * handed in (a message's number, say). Every operation keeps the origins of the bytes that it keeps. A string is
 * either flat, with the ends of the stretches of one origin, or two strings in a row that nobody has looked into
 * yet: joining costs the same for any length, so that a template may build a long text piece by piece.
 *
 * Positions that a template speaks of count characters, as Python does; inside, all are bytes. Bytes that are not
 * well-formed UTF-8 count as a character for each maximal ill-formed part. Texts never change (a joint one becomes
 * flat when it is read). Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_TEXT_H
#define PALAVER_ENGINE_JINJA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/jinja/heap.h"

/* The bytes up to end come from origin. */
struct jspan {
    size_t end;
    int32_t origin;
};

struct jtext {
    size_t size;
    const char *bytes;         /* NULL: left and right in a row */
    const struct jspan *spans; /* NULL: all of one origin */
    size_t n_spans;
    int32_t origin; /* while spans is NULL */
    bool markup;    /* marked as safe HTML: what it is joined with gets escaped */
    size_t chars;   /* their number plus one; 0: not counted yet */
    struct jtext *left, *right;
};

/* A text of bytes that live as long as the heap. */
struct jtext *jtext_of(struct jheap *h, const char *bytes, size_t size, int32_t origin);
struct jtext *jtext_string(struct jheap *h, const char *text); /* NUL-terminated, the template's own */
struct jtext *jtext_copy(struct jheap *h, const char *bytes, size_t size, int32_t origin);
/* The bytes, size of them; not NUL-terminated. */
const char *jtext_bytes(struct jheap *h, struct jtext *t);
int32_t jtext_origin(const struct jtext *t, size_t byte); /* t is flat */
/* a and b in a row, without regard to markup. */
struct jtext *jtext_join(struct jheap *h, struct jtext *a, struct jtext *b);
/* Bytes from..to. */
struct jtext *jtext_part(struct jheap *h, struct jtext *t, size_t from, size_t to);
/* The same text with the mark set or taken off. */
struct jtext *jtext_mark(struct jheap *h, struct jtext *t, bool markup);

size_t jtext_chars(struct jheap *h, struct jtext *t);
/* The byte at which character i begins; size when there are no more than i. */
size_t jtext_offset(struct jheap *h, struct jtext *t, size_t i);
/* How many characters stand before that byte. */
size_t jtext_index(struct jheap *h, struct jtext *t, size_t byte);
/* The code point at byte `at` < size, UTF8_INVALID for an ill-formed part; *used its bytes. */
uint32_t jtext_code(struct jheap *h, struct jtext *t, size_t at, size_t *used);

bool jtext_equal(struct jheap *h, struct jtext *a, struct jtext *b);
bool jtext_is(struct jheap *h, struct jtext *t, const char *word);
int jtext_compare(struct jheap *h, struct jtext *a, struct jtext *b);
/* Where needle begins at or after byte `from`, wholly before `to`; SIZE_MAX when it does not. */
size_t jtext_find(struct jheap *h, struct jtext *t, struct jtext *needle, size_t from, size_t to);
size_t jtext_find_last(struct jheap *h, struct jtext *t, struct jtext *needle, size_t from, size_t to);

/* A text in the making. */
struct jbuild {
    struct jheap *heap;
    char *bytes;
    size_t size, capacity;
    struct jspan *spans;
    size_t n_spans, spans_capacity;
};
void jbuild_open(struct jbuild *b, struct jheap *h);
void jbuild_bytes(struct jbuild *b, const char *bytes, size_t size, int32_t origin);
void jbuild_string(struct jbuild *b, const char *text); /* the template's own */
void jbuild_code(struct jbuild *b, uint32_t code, int32_t origin);
void jbuild_part(struct jbuild *b, struct jtext *t, size_t from, size_t to);
void jbuild_text(struct jbuild *b, struct jtext *t);
/* n times the character c. */
void jbuild_fill(struct jbuild *b, char c, size_t n);
struct jtext *jbuild_close(struct jbuild *b);

#endif
