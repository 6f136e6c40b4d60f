/* Strings whose bytes know where they come from. */
#include "config.h"

#include "engine/jinja/text.h"

#include <string.h>

#include "base/utf8.h"

/* ---- making ------------------------------------------------------------------------------------------------------ */

struct jtext *jtext_of(struct jheap *h, const char *bytes, size_t size, int32_t origin)
{
    struct jtext *t = jheap_take(h, sizeof *t);
    t->bytes = bytes;
    t->size = size;
    t->origin = origin;
    return t;
}

struct jtext *jtext_string(struct jheap *h, const char *text)
{
    return jtext_of(h, text, strlen(text), 0);
}

struct jtext *jtext_copy(struct jheap *h, const char *bytes, size_t size, int32_t origin)
{
    return jtext_of(h, jheap_copy(h, bytes, size), size, origin);
}

struct jtext *jtext_join(struct jheap *h, struct jtext *a, struct jtext *b)
{
    if (a->size == 0 || b->size == 0)
        return a->size == 0 ? b : a;
    if (a->size > h->limit || b->size > h->limit - a->size)
        jheap_fail(h, ERR_MEMORY, "the template makes a text of more than %zu MB", h->limit >> 20);
    struct jtext *t = jheap_take(h, sizeof *t);
    t->size = a->size + b->size;
    t->left = a;
    t->right = b;
    return t;
}

/* ---- flattening -------------------------------------------------------------------------------------------------- */

/* Writes the leaves of t in order. The stack holds what stands to the right of the current one. */
static void write_leaves(struct jbuild *b, struct jtext *t)
{
    struct jtext **stack = NULL;
    size_t n = 0, capacity = 0;
    for (;;) {
        while (t->bytes == NULL) {
            stack = jheap_room(b->heap, stack, n, &capacity, sizeof(struct jtext *));
            stack[n++] = t->right;
            t = t->left;
        }
        jheap_work(b->heap, 1);
        jbuild_part(b, t, 0, t->size);
        if (n == 0)
            return;
        t = stack[--n];
    }
}

const char *jtext_bytes(struct jheap *h, struct jtext *t)
{
    if (t->bytes != NULL)
        return t->bytes;
    struct jbuild b;
    jbuild_open(&b, h);
    b.bytes = jheap_take(h, t->size + 1);
    b.capacity = t->size + 1;
    write_leaves(&b, t);
    struct jtext *flat = jbuild_close(&b);
    t->spans = flat->spans;
    t->n_spans = flat->n_spans;
    t->origin = flat->origin;
    t->bytes = flat->bytes;
    t->left = t->right = NULL;
    return t->bytes;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* The stretch in which a byte lies. */
static size_t span_at(const struct jtext *t, size_t byte)
{
    size_t low = 0, high = t->n_spans - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->spans[middle].end <= byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t jtext_origin(const struct jtext *t, size_t byte)
{
    return t->spans == NULL ? t->origin : t->spans[span_at(t, byte)].origin;
}

struct jtext *jtext_part(struct jheap *h, struct jtext *t, size_t from, size_t to)
{
    if (from == 0 && to == t->size)
        return t;
    struct jtext *part = jtext_of(h, jtext_bytes(h, t) + from, to > from ? to - from : 0, t->origin);
    part->markup = t->markup;
    if (t->spans == NULL || part->size == 0)
        return part;
    size_t first = span_at(t, from), last = span_at(t, to - 1);
    part->origin = t->spans[first].origin;
    if (first == last)
        return part;
    struct jspan *spans = jheap_take(h, (last - first + 1) * sizeof *spans);
    for (size_t i = first; i <= last; i++)
        spans[i - first] = (struct jspan){(i < last ? t->spans[i].end : to) - from, t->spans[i].origin};
    part->spans = spans;
    part->n_spans = last - first + 1;
    return part;
}

struct jtext *jtext_mark(struct jheap *h, struct jtext *t, bool markup)
{
    if (t->markup == markup)
        return t;
    struct jtext *copy = jheap_take(h, sizeof *copy);
    jtext_bytes(h, t);
    *copy = *t;
    copy->markup = markup;
    return copy;
}

/* ---- characters -------------------------------------------------------------------------------------------------- */

size_t jtext_chars(struct jheap *h, struct jtext *t)
{
    if (t->chars == 0) {
        const char *bytes = jtext_bytes(h, t);
        size_t n = 0, used;
        jheap_scan(h, t->size);
        for (size_t i = 0; i < t->size; i += used, n++)
            if ((unsigned char)bytes[i] < 0x80)
                used = 1;
            else
                utf8_decode(bytes + i, t->size - i, &used);
        t->chars = n + 1;
    }
    return t->chars - 1;
}

size_t jtext_offset(struct jheap *h, struct jtext *t, size_t i)
{
    if (jtext_chars(h, t) == t->size)
        return i < t->size ? i : t->size;
    const char *bytes = jtext_bytes(h, t);
    size_t at = 0, used;
    for (; i > 0 && at < t->size; i--, at += used)
        utf8_decode(bytes + at, t->size - at, &used);
    jheap_scan(h, at);
    return at;
}

size_t jtext_index(struct jheap *h, struct jtext *t, size_t byte)
{
    if (jtext_chars(h, t) == t->size)
        return byte;
    const char *bytes = jtext_bytes(h, t);
    size_t n = 0, used;
    jheap_scan(h, byte);
    for (size_t at = 0; at < byte; at += used, n++)
        utf8_decode(bytes + at, t->size - at, &used);
    return n;
}

uint32_t jtext_code(struct jheap *h, struct jtext *t, size_t at, size_t *used)
{
    return utf8_decode(jtext_bytes(h, t) + at, t->size - at, used);
}

/* ---- comparing and finding --------------------------------------------------------------------------------------- */

int jtext_compare(struct jheap *h, struct jtext *a, struct jtext *b)
{
    size_t least = a->size < b->size ? a->size : b->size;
    jheap_read(h, least);
    int order = least > 0 ? memcmp(jtext_bytes(h, a), jtext_bytes(h, b), least) : 0;
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

bool jtext_equal(struct jheap *h, struct jtext *a, struct jtext *b)
{
    return a->size == b->size && (a == b || jtext_compare(h, a, b) == 0);
}

bool jtext_is(struct jheap *h, struct jtext *t, const char *word)
{
    return t->size == strlen(word) && (t->size == 0 || memcmp(jtext_bytes(h, t), word, t->size) == 0);
}

size_t jtext_find(struct jheap *h, struct jtext *t, struct jtext *needle, size_t from, size_t to)
{
    if (from > to || needle->size > to - from)
        return SIZE_MAX;
    if (needle->size == 0)
        return from;
    const char *bytes = jtext_bytes(h, t);
    const char *found = memmem(bytes + from, to - from, jtext_bytes(h, needle), needle->size);
    size_t at = found != NULL ? (size_t)(found - bytes) : SIZE_MAX;
    jheap_read(h, (found != NULL ? at : to) - from + needle->size);
    return at;
}

size_t jtext_find_last(struct jheap *h, struct jtext *t, struct jtext *needle, size_t from, size_t to)
{
    if (from > to || needle->size > to - from)
        return SIZE_MAX;
    const char *bytes = jtext_bytes(h, t), *wanted = jtext_bytes(h, needle);
    if (needle->size == 0)
        return to;
    jheap_read(h, to - from);
    for (size_t at = to - needle->size;; at--) {
        if (bytes[at] == wanted[0]) {
            jheap_read(h, needle->size);
            if (memcmp(bytes + at, wanted, needle->size) == 0)
                return at;
        }
        if (at == from)
            return SIZE_MAX;
    }
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

void jbuild_open(struct jbuild *b, struct jheap *h)
{
    memset(b, 0, sizeof *b);
    b->heap = h;
}

/* Room for size more bytes, which come from origin. */
static char *reserve_bytes(struct jbuild *b, size_t size, int32_t origin)
{
    if (size > b->heap->limit)
        jheap_fail(b->heap, ERR_MEMORY, "the template makes a text of more than %zu MB", b->heap->limit >> 20);
    if (size > b->capacity - b->size) {
        size_t more = b->capacity * 2 > b->size + size ? b->capacity * 2 : b->size + size + 32;
        char *larger = jheap_take(b->heap, more);
        if (b->size > 0)
            memcpy(larger, b->bytes, b->size);
        b->bytes = larger;
        b->capacity = more;
    }
    if (b->n_spans == 0 || b->spans[b->n_spans - 1].origin != origin) {
        b->spans = jheap_room(b->heap, b->spans, b->n_spans, &b->spans_capacity, sizeof *b->spans);
        b->spans[b->n_spans++].origin = origin;
    }
    b->size += size;
    b->spans[b->n_spans - 1].end = b->size;
    return b->bytes + b->size - size;
}

void jbuild_bytes(struct jbuild *b, const char *bytes, size_t size, int32_t origin)
{
    if (size == 0)
        return;
    jheap_read(b->heap, size);
    memcpy(reserve_bytes(b, size, origin), bytes, size);
}

void jbuild_string(struct jbuild *b, const char *text)
{
    jbuild_bytes(b, text, strlen(text), 0);
}

void jbuild_code(struct jbuild *b, uint32_t code, int32_t origin)
{
    char bytes[4];
    jbuild_bytes(b, bytes, utf8_encode(code, bytes), origin);
}

void jbuild_part(struct jbuild *b, struct jtext *t, size_t from, size_t to)
{
    const char *bytes = jtext_bytes(b->heap, t);
    if (t->spans == NULL) {
        jbuild_bytes(b, bytes + from, to - from, t->origin);
        return;
    }
    while (from < to) {
        size_t i = span_at(t, from), end = t->spans[i].end < to ? t->spans[i].end : to;
        jbuild_bytes(b, bytes + from, end - from, t->spans[i].origin);
        from = end;
    }
}

void jbuild_text(struct jbuild *b, struct jtext *t)
{
    jbuild_part(b, t, 0, t->size);
}

void jbuild_fill(struct jbuild *b, char c, size_t n)
{
    if (n > 0)
        memset(reserve_bytes(b, n, 0), c, n);
}

struct jtext *jbuild_close(struct jbuild *b)
{
    struct jtext *t = jtext_of(b->heap, b->bytes != NULL ? b->bytes : "", b->size, 0);
    if (b->n_spans > 0)
        t->origin = b->spans[0].origin;
    if (b->n_spans > 1) {
        t->spans = b->spans;
        t->n_spans = b->n_spans;
    }
    return t;
}
