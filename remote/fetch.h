/* Fetch: one file, with all the patience that a network needs. Internal to remote. */
#ifndef PALAVER_REMOTE_FETCH_H
#define PALAVER_REMOTE_FETCH_H

#include <stdbool.h>

#include "base/error.h"
#include "remote/fetcher.h"
#include "remote/remote.h"

/* Makes FOLDER/NAME what file says. alone: the file is a model by itself, which watch->check is asked about. A file that
 * is there and right is left alone; one that differs too, with ERR_ARGUMENT. */
enum error_code fetch_file(struct fetcher *f, const struct remote_file *file, const char *folder, bool alone,
                           struct error *err);
#endif
