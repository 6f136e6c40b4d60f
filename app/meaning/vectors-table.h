/* Vectors-table: where in the file the messages are, by their ids. */
#ifndef PALAVER_APP_MEANING_VECTORS_TABLE_H
#define PALAVER_APP_MEANING_VECTORS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message's passages are records first to first + of. */
struct vectors_entry {
    int64_t message; /* 0: empty; -1: one that was dropped */
    uint64_t hash;
    size_t first;
    uint16_t of;
};

/* A hash table; zeroed it is empty. */
struct vectors_table {
    struct vectors_entry *at;
    size_t capacity; /* a power of two */
    size_t n, used;  /* entries; and with those that were dropped */
};

/* NULL: it is not there. Valid until the next message is put. */
struct vectors_entry *vectors_table_find(const struct vectors_table *t, int64_t message);
/* Adds a message that is not there. False when out of memory. */
bool vectors_table_add(struct vectors_table *t, const struct vectors_entry *entry);
void vectors_table_drop(struct vectors_table *t, struct vectors_entry *entry);
void vectors_table_free(struct vectors_table *t);

#endif
