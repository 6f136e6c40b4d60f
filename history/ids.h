/* Growing lists of row ids. */
#ifndef PALAVER_HISTORY_IDS_H
#define PALAVER_HISTORY_IDS_H

#include "history/history.h"

/* Appends one; false when out of memory. */
bool ids_add(struct store_ids *ids, int64_t id);
void ids_reverse(struct store_ids *ids);

#endif
