/* The cursor: every read is checked against the size before a byte is touched. */
#include "engine/cursor.h"

#include <stddef.h>
#include <string.h>

void cursor_init(struct cursor *c, const void *bytes, uint64_t size)
{
    *c = (struct cursor){.bytes = bytes, .size = size};
}

uint64_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : c->size - c->at;
}

static const void *fail(struct cursor *c, uint64_t wanted)
{
    if (!c->failed) {
        c->failed = true;
        c->wanted = wanted;
    }
    return NULL;
}

bool cursor_seek(struct cursor *c, uint64_t offset)
{
    if (c->failed || offset > c->size)
        return fail(c, offset) != NULL;
    c->at = offset;
    return true;
}

const void *cursor_take(struct cursor *c, uint64_t n)
{
    if (n > cursor_left(c) || c->failed)
        return fail(c, n);
    const unsigned char *here = c->bytes + c->at;
    c->at += n;
    return here;
}

/* Little-endian, n <= 8. */
static uint64_t number(struct cursor *c, uint64_t n)
{
    const unsigned char *p = cursor_take(c, n);
    uint64_t value = 0;
    for (uint64_t i = 0; p != NULL && i < n; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)number(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)number(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)number(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return number(c, 8);
}

float cursor_f32(struct cursor *c)
{
    uint32_t bits = cursor_u32(c);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double cursor_f64(struct cursor *c)
{
    uint64_t bits = cursor_u64(c);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const char *cursor_string(struct cursor *c, uint64_t *size)
{
    uint64_t start = c->at;
    *size = cursor_u64(c);
    const char *text = cursor_take(c, *size);
    if (text == NULL) {
        c->at = start;
        *size = 0;
    }
    return text;
}
