/* Archive: one member out of a zip archive, as Python packages are. Members of less than 4 GB, stored or deflated; nothing
 * of what the archive says is believed before it is compared with the archive's size. Internal to remote. */
#ifndef PALAVER_REMOTE_ARCHIVE_H
#define PALAVER_REMOTE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Takes the next bytes of a member; anything but ERR_NONE ends the unpacking with it, and err is filled. */
typedef enum error_code archive_take(void *context, const void *bytes, size_t n, struct error *err);

/* Unpacks the member of this name from the archive at path. ERR_NOT_FOUND when there is none; ERR_FORMAT when the archive
 * is damaged or the member is not of this size. */
enum error_code archive_unpack(const char *path, const char *member, int64_t size, archive_take *take, void *context,
                               struct error *err);

#endif
