/* Bringing a database to this program's schema. */
#ifndef PALAVER_HISTORY_MIGRATE_H
#define PALAVER_HISTORY_MIGRATE_H

#include "history/store.h"

/* Brings the opened database to SCHEMA_VERSION, in one transaction, after a backup beside it. ERR_UNSUPPORTED when it
 * is of a newer program, of an older one but opened for reading only, or no history at all. */
enum error_code migrate_schema(struct store *s, struct error *err);

#endif
