/* Open addressing with linear probing, at most half full. */
#include "engine/file/names.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0xD6E8FEB86659FD93);
    return h ^ h >> 32;
}

/* Little-endian whatever the machine, so that hashes may be kept. */
static uint64_t eight(const unsigned char *p)
{
    return p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* In the manner of Fowler, Noll and Vo, with eight bytes a step. */
uint64_t names_hash(uint64_t seed, const void *bytes, uint64_t size)
{
    const unsigned char *p = bytes;
    uint64_t h = mix(seed, size), left = size;
    for (; left >= 8; left -= 8, p += 8)
        h = mix(h, eight(p));
    unsigned char last[8] = {0};
    memcpy(last, p, (size_t)left);
    return mix(h, eight(last));
}

/* The slot that holds name, or the free one where it would go; slots must not be NULL. */
static struct names_slot *slot_of(const struct names *names, const char *name)
{
    size_t mask = names->capacity - 1;
    size_t at = (size_t)names_hash(0, name, strlen(name)) & mask;
    while (names->slots[at].name != NULL && strcmp(names->slots[at].name, name) != 0)
        at = (at + 1) & mask;
    return &names->slots[at];
}

static bool names_grow(struct names *names)
{
    struct names bigger = {.n = names->n, .capacity = names->capacity == 0 ? 64 : names->capacity * 2};
    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].name != NULL)
            *slot_of(&bigger, names->slots[i].name) = names->slots[i];
    free(names->slots);
    *names = bigger;
    return true;
}

enum error_code names_add(struct names *names, const char *name, size_t value)
{
    if (2 * (names->n + 1) > names->capacity && !names_grow(names))
        return ERR_MEMORY;
    struct names_slot *slot = slot_of(names, name);
    if (slot->name != NULL)
        return ERR_ARGUMENT;
    *slot = (struct names_slot){name, value};
    names->n++;
    return ERR_NONE;
}

bool names_find(const struct names *names, const char *name, size_t *value)
{
    if (names->capacity == 0)
        return false;
    const struct names_slot *slot = slot_of(names, name);
    if (slot->name == NULL)
        return false;
    *value = slot->value;
    return true;
}

void names_free(struct names *names)
{
    free(names->slots);
    *names = (struct names){0};
}
