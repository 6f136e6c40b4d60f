/* Glossary: texts in the order in which they came, and a hash table of them by id. An answer brings a few thousand. */
#include <config.h>

#include "app/chat/glossary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    int32_t id;
    char *text;
    size_t size;
    uint64_t use;
};

struct glossary {
    struct entry *at;
    size_t n, capacity;
    uint32_t *table; /* (2 * capacity) indices + 1 of entries, 0: free */
};

struct glossary *glossary_new(void)
{
    return calloc(1, sizeof(struct glossary));
}

void glossary_free(struct glossary *g)
{
    for (size_t i = 0; g != NULL && i < g->n; i++)
        free(g->at[i].text);
    if (g != NULL) {
        free(g->at);
        free(g->table);
    }
    free(g);
}

/* FNV-1a (Fowler, Noll, Vo), folded to 31 bits. */
static int32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 0x811C9DC5u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x01000193u;
    return (int32_t)((hash >> 31 ^ hash) & INT32_MAX);
}

/* The place of an id in the table, or where it would stand. */
static uint32_t *place_of(const struct glossary *g, int32_t id)
{
    const size_t size = 2 * g->capacity;
    size_t i = (size_t)id % size;
    while (g->table[i] != 0 && g->at[g->table[i] - 1].id != id)
        i = (i + 1) % size;
    return &g->table[i];
}

static bool grow(struct glossary *g)
{
    const size_t capacity = 2 * g->capacity + 512;
    struct entry *at = realloc(g->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    g->at = at;
    uint32_t *table = calloc(2 * capacity, sizeof *table);
    if (table == NULL)
        return false;
    free(g->table);
    g->table = table;
    g->capacity = capacity;
    for (size_t i = 0; i < g->n; i++)
        *place_of(g, g->at[i].id) = (uint32_t)i + 1;
    return true;
}

static struct entry *find(const struct glossary *g, int32_t id)
{
    const uint32_t index = id >= 0 && g->n > 0 ? *place_of(g, id) : 0;
    return index > 0 ? &g->at[index - 1] : NULL;
}

static int32_t add(struct glossary *g, int32_t id, const char *text, size_t size, uint64_t use)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    *place_of(g, id) = (uint32_t)g->n + 1;
    g->at[g->n++] = (struct entry){id, copy, size, use};
    return id;
}

int32_t glossary_look(const struct glossary *g, const char *text, size_t size)
{
    for (int32_t id = hash_of(text, size);; id = id < INT32_MAX ? id + 1 : 0) {
        const struct entry *e = find(g, id);
        if (e == NULL || (e->size == size && memcmp(e->text, text, size) == 0))
            return id;
    }
}

int32_t glossary_id(struct glossary *g, const char *text, size_t size, uint64_t use)
{
    if (g->n == g->capacity && !grow(g))
        return -1;
    const int32_t id = glossary_look(g, text, size);
    struct entry *e = find(g, id);
    if (e == NULL)
        return add(g, id, text, size, use);
    e->use = use;
    return id;
}

void glossary_mark(struct glossary *g, int32_t id, uint64_t use)
{
    struct entry *e = find(g, id);
    if (e != NULL)
        e->use = use;
}

int32_t glossary_used(const struct glossary *g, size_t *at, uint64_t use)
{
    for (; *at < g->n; (*at)++)
        if (g->at[*at].use == use)
            return g->at[(*at)++].id;
    return -1;
}

const char *glossary_text(const struct glossary *g, int32_t id, size_t *size)
{
    const struct entry *e = find(g, id);
    *size = e != NULL ? e->size : 0;
    return e != NULL ? e->text : NULL;
}
