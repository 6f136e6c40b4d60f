/* Token records, printed: how each token of the answers in a conversation came about, as CSV or JSON. */
#ifndef PALAVER_APP_LIBRARY_RECORDS_H
#define PALAVER_APP_LIBRARY_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/terminal/show.h"
#include "base/error.h"
#include "history/history.h"

/* Prints the records of the current path. CSV has a row per token, messages and tokens counted from 1, alternatives as
 * "ID:BEFORE:AFTER ..."; JSON has the settings in force too. Says so when no token has a record. */
enum error_code records_print(struct show *show, struct store *s, int64_t conversation, bool json, struct error *err);

#endif
