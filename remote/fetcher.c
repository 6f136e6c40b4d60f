/* Fetcher: what requests share. */
#include <config.h>

#include "remote/fetcher.h"

#include <errno.h>
#include <stddef.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "remote/url.h"

#define ROOM_LEFT ((int64_t)64 << 20) /* bytes that a disk keeps free */

enum error_code fetcher_open(struct fetcher *f, const struct remote_options *o, struct error *err)
{
    *f = (struct fetcher){.options = o, .total = -1, .transfer = transfer_new(err)};
    return f->transfer != NULL ? ERR_NONE : err->code;
}

void fetcher_close(struct fetcher *f)
{
    transfer_free(f->transfer);
    *f = (struct fetcher){0};
}

enum error_code fetcher_check_room(const char *folder, int64_t bytes, struct error *err)
{
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be examined", folder);
    const double room = (double)disk.f_bavail * (double)disk.f_frsize;
    if ((double)bytes + (double)ROOM_LEFT <= room)
        return ERR_NONE;
    return error_set(err, ERR_IO,
                     "%s: %.1f GB are needed, %.1f GB are free; make room, or set XDG_DATA_HOME to another disk",
                     folder, (double)bytes / 1e9, room / 1e9);
}

bool fetcher_sends_token(const struct remote_options *o, const char *url)
{
    return o->token != NULL && url_same_origin(url, o->hub) && url_is_private(url);
}
