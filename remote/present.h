/* Present: a file that has its name already. It is compared and never replaced. Internal to remote. */
#ifndef PALAVER_REMOTE_PRESENT_H
#define PALAVER_REMOTE_PRESENT_H

#include "base/error.h"
#include "remote/fetcher.h"
#include "remote/remote.h"

/* ERR_NONE if what lies at path is the file; ERR_ARGUMENT if it differs, or nothing is known to compare it with. */
enum error_code present_check(struct fetcher *f, const struct remote_file *file, const char *path, struct error *err);

#endif
