/* Sorting as Python's sorted does: stable, by keys. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_SORT_H
#define PALAVER_ENGINE_JINJA_SORT_H

#include "engine/jinja/value.h"

/* The places 0..n in the order of their keys; as they are when keys is NULL. Backwards, equal keys still keep theirs.
 * Fails for keys that have no order. */
size_t *jsort_order(struct jheap *h, const struct jlist *keys, size_t n, bool backwards);

#endif
