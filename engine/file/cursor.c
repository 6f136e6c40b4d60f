/* The cursor: every read is checked against the size before a byte is touched. */
#include "engine/file/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

static uint32_t word(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint8_t cursor_u8(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 1);
    return p == NULL ? 0 : p[0];
}

uint16_t cursor_u16(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 2);
    return p == NULL ? 0 : (uint16_t)(p[0] | p[1] << 8);
}

uint32_t cursor_u32(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 4);
    return p == NULL ? 0 : word(p);
}

uint64_t cursor_u64(struct cursor *c)
{
    const unsigned char *p = cursor_take(c, 8);
    return p == NULL ? 0 : word(p) | (uint64_t)word(p + 4) << 32;
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
