/* Rows from the bare pages of a database. */
#ifndef PALAVER_HISTORY_REPAIR_SALVAGE_H
#define PALAVER_HISTORY_REPAIR_SALVAGE_H

#include "history/repair/recover-rows.h"

/* Adds the rows that the pages of the file at path (and of its -wal) hold, whatever state its tables are in. */
enum error_code salvage(struct recovery *r, const char *path, struct error *err);

#endif
