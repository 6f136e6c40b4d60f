/* Mending a database of recovered rows. */
#ifndef PALAVER_HISTORY_REPAIR_MEND_H
#define PALAVER_HISTORY_REPAIR_MEND_H

#include "history/repair/recover-rows.h"

/* Gives messages without a parent the first place, those without a conversation a new one, computes positions, depths
 * and current paths again, indexes all words, and makes the index message_child. Fills the report's counts. Needs a
 * write transaction without foreign keys. */
enum error_code mend_database(struct recovery *r, struct error *err);

#endif
