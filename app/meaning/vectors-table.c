/* Vectors-table: open addressing, at most half full. */
#include <config.h>

#include "app/meaning/vectors-table.h"

#include <stdlib.h>

enum { EMPTY = 0, DROPPED = -1, CAPACITY_FIRST = 64 };

static size_t place_of(const struct vectors_table *t, int64_t message)
{
    return (size_t)((uint64_t)message * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (t->capacity - 1);
}

struct vectors_entry *vectors_table_find(const struct vectors_table *t, int64_t message)
{
    if (t->capacity == 0 || message <= 0)
        return NULL;
    size_t i = place_of(t, message);
    while (t->at[i].message != EMPTY && t->at[i].message != message)
        i = (i + 1) & (t->capacity - 1);
    return t->at[i].message == message ? &t->at[i] : NULL;
}

static void table_place(struct vectors_table *t, const struct vectors_entry *entry)
{
    size_t i = place_of(t, entry->message);
    while (t->at[i].message != EMPTY)
        i = (i + 1) & (t->capacity - 1);
    t->at[i] = *entry;
    t->n++;
    t->used++;
}

/* The same without those that were dropped. */
static bool table_grow(struct vectors_table *t)
{
    struct vectors_table more = {.capacity = t->n * 4 > CAPACITY_FIRST ? t->capacity : CAPACITY_FIRST};
    while (more.capacity < t->n * 4)
        more.capacity *= 2;
    more.at = calloc(more.capacity, sizeof *more.at);
    if (more.at == NULL)
        return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->at[i].message > 0)
            table_place(&more, &t->at[i]);
    free(t->at);
    *t = more;
    return true;
}

bool vectors_table_add(struct vectors_table *t, const struct vectors_entry *entry)
{
    if (2 * (t->used + 1) > t->capacity && !table_grow(t))
        return false;
    table_place(t, entry);
    return true;
}

void vectors_table_drop(struct vectors_table *t, struct vectors_entry *entry)
{
    entry->message = DROPPED;
    t->n--;
}

void vectors_table_free(struct vectors_table *t)
{
    free(t->at);
    *t = (struct vectors_table){0};
}
