/* A hash table from names to numbers: metadata keys and tensor names of a model file. Expect 30 to 3,000 of them. */
#ifndef PALAVER_ENGINE_FILE_NAMES_H
#define PALAVER_ENGINE_FILE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct names {
    struct names_slot {
        const char *name; /* NULL: free */
        size_t value;
    } * slots;
    size_t n, capacity; /* capacity is a power of two, or 0 before the first name */
};

/* A 64-bit hash of size bytes, the same on every machine. seed chains several pieces. Not for secrets. */
uint64_t names_hash(uint64_t seed, const void *bytes, uint64_t size);

/* name is not copied and must outlive the table. ERR_ARGUMENT when it is there already, ERR_MEMORY. */
enum error_code names_add(struct names *names, const char *name, size_t value);
bool names_find(const struct names *names, const char *name, size_t *value);
void names_free(struct names *names);

#endif
