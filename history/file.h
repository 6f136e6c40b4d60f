/* The database's file, made so that only its owner can read it. */
#ifndef PALAVER_HISTORY_FILE_H
#define PALAVER_HISTORY_FILE_H

#include "base/error.h"

/* Makes the file if it is missing, and gives it mode 0600 if it belongs to this user. ERR_IO, or ERR_ARGUMENT when
 * path is no regular file. */
enum error_code file_secure(const char *path, struct error *err);

#endif
