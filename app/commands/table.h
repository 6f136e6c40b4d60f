/* Table: one column of a CSV file, for palaver similarity. */
#ifndef PALAVER_APP_COMMANDS_TABLE_H
#define PALAVER_APP_COMMANDS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/text/charset.h"
#include "app/text/words.h"
#include "base/error.h"

/* Reads the column that spec, FILE.csv:COLUMN, names: its texts below the header, in the file's order. The delimiter is
 * guessed. On failure, by err with file, line and column of what is wrong, out is empty. */
bool table_read(const char *spec, enum charset charset, struct words *out, struct error *err);
/* Whether path is the file that spec, FILE.csv:COLUMN, names, by whatever name. */
bool table_is_file(const char *spec, const char *path);

#endif
