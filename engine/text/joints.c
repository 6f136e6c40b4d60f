/* Which characters stand beside each other inside of tokens. */
#include "config.h"

#include "engine/text/joints.h"

#include <stdlib.h>

#include "base/utf8.h"

enum { BITS_PER_TOKEN = 16 }; /* of Llama 2's 32,000 tokens one bit in eighteen is set */

bool joints_open(struct joints *j, size_t n)
{
    uint64_t bits = 1024;
    while (bits < (uint64_t)n * BITS_PER_TOKEN)
        bits *= 2;
    j->mask = bits - 1;
    j->bits = calloc(bits / 64, sizeof *j->bits);
    return j->bits != NULL;
}

void joints_close(struct joints *j)
{
    free(j->bits);
    *j = (struct joints){0};
}

static uint64_t hash_pair(uint32_t left, uint32_t right)
{
    return (((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15) >> 32;
}

void joints_add(struct joints *j, const char *spelling, size_t size)
{
    uint32_t before = 0;
    for (size_t at = 0, used; at < size; at += used) {
        uint32_t code = utf8_decode(spelling + at, size - at, &used);
        uint64_t bit = hash_pair(before, code) & j->mask;
        if (at > 0)
            j->bits[bit / 64] |= (uint64_t)1 << bit % 64;
        before = code;
    }
}

bool joints_has(const struct joints *j, uint32_t left, uint32_t right)
{
    uint64_t bit = hash_pair(left, right) & j->mask;
    return (j->bits[bit / 64] >> bit % 64 & 1) != 0;
}
