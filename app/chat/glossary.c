/* Glossary: texts in order, and a hash table of their ids. An answer brings a few thousand. */
#include <config.h>

#include "app/chat/glossary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *text;
    size_t size;
};

struct glossary {
    struct entry *at;
    size_t n, capacity;
    int32_t *table; /* (2 * capacity) ids, -1: free */
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

/* FNV-1a (Fowler, Noll, Vo). */
static size_t hash_of(const char *text, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
    return (size_t)hash;
}

/* The place of a text in the table, or where it would stand. */
static int32_t *place_of(const struct glossary *g, const char *text, size_t size)
{
    size_t i = hash_of(text, size) % (2 * g->capacity);
    for (;; i = (i + 1) % (2 * g->capacity)) {
        const int32_t id = g->table[i];
        if (id < 0 || (g->at[id].size == size && memcmp(g->at[id].text, text, size) == 0))
            return &g->table[i];
    }
}

static bool grow(struct glossary *g)
{
    const size_t capacity = 2 * g->capacity + 512;
    struct entry *at = realloc(g->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    g->at = at;
    int32_t *table = malloc(2 * capacity * sizeof *table);
    if (table == NULL)
        return false;
    memset(table, 0xFF, 2 * capacity * sizeof *table);
    free(g->table);
    g->table = table;
    g->capacity = capacity;
    for (size_t i = 0; i < g->n; i++)
        *place_of(g, g->at[i].text, g->at[i].size) = (int32_t)i;
    return true;
}

int32_t glossary_id(struct glossary *g, const char *text, size_t size)
{
    if (g->n == g->capacity && !grow(g))
        return -1;
    int32_t *place = place_of(g, text, size);
    if (*place >= 0)
        return *place;
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, text, size);
    copy[size] = '\0';
    g->at[g->n] = (struct entry){copy, size};
    *place = (int32_t)g->n;
    return (int32_t)g->n++;
}

const char *glossary_text(const struct glossary *g, int32_t id, size_t *size)
{
    if (id < 0 || (size_t)id >= g->n)
        return NULL;
    *size = g->at[id].size;
    return g->at[id].text;
}
