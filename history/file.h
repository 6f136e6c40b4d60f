/* The database's file and folders, made so that only their owner can read them. */
#ifndef PALAVER_HISTORY_FILE_H
#define PALAVER_HISTORY_FILE_H

#include "base/error.h"

/* Makes the missing folders above path with mode 0700. ERR_IO names the folder. */
enum error_code file_make_folders(const char *path, struct error *err);
/* Makes the file if it is missing, and gives it mode 0600 if it belongs to this user. ERR_IO, or ERR_ARGUMENT when
 * path is no regular file. */
enum error_code file_secure(const char *path, struct error *err);

#endif
