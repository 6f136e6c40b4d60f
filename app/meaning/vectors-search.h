/* What vectors.c asks of the pass over all vectors. */
#ifndef PALAVER_APP_MEANING_VECTORS_SEARCH_H
#define PALAVER_APP_MEANING_VECTORS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "app/meaning/vectors-file.h"
#include "app/meaning/vectors.h"

/* As vectors_search, in a map; returns how many were found, at most `most`. */
size_t vectors_map_search(const struct vectors_map *m, const int8_t *query, float scale, struct vectors_found *found,
                          size_t most);

#endif
