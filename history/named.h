/* What personas and presets have in common: a name. */
#ifndef PALAVER_HISTORY_NAMED_H
#define PALAVER_HISTORY_NAMED_H

#include "history/store.h"

/* The name as it is kept, malloc'ed: one line, at most 100 bytes. ERR_ARGUMENT when nothing is left of it. */
enum error_code named_clean(struct store *s, const char *name, char **out, struct error *err);
/* ERR_NOT_FOUND: there is no kind of this name. */
enum error_code named_missing(struct store *s, const char *kind, const char *name, struct error *err);
/* Runs a DELETE that takes the name as its parameter; ERR_NOT_FOUND when there was none. */
enum error_code named_delete(struct store *s, const char *sql, const char *kind, const char *name, struct error *err);

#endif
