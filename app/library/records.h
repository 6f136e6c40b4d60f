/* Token records in print: how each token of a conversation's answers came about, as CSV or JSON. */
#ifndef PALAVER_APP_LIBRARY_RECORDS_H
#define PALAVER_APP_LIBRARY_RECORDS_H

#include "app/terminal/show.h"
#include "history/history.h"

/* Those of the current path. CSV has a row per token, messages and tokens counted from 1, alternatives as
 * "ID:BEFORE:AFTER ..."; JSON also the settings in force. Without any record it says so. */
enum error_code records_print(struct show *show, struct store *s, int64_t conversation, bool json, struct error *err);

#endif
