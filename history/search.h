/* What search adds to a database connection. */
#ifndef PALAVER_HISTORY_SEARCH_H
#define PALAVER_HISTORY_SEARCH_H

#include "history/store.h"

/* Registers the SQL function that tells where a text matched. ERR_UNSUPPORTED when SQLite has no FTS5. */
enum error_code search_register(struct store *s, struct error *err);

#endif
