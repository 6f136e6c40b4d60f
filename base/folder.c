#include <config.h>

#include "base/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum error_code make_one(const char *folder, struct error *err)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return ERR_NONE;
    /* A disk that can only be read says so (EROFS) of folders that are there, too. */
    const int why = errno;
    return access(folder, F_OK) == 0 ? ERR_NONE : error_system(err, ERR_IO, why, "can't make the folder %s", folder);
}

enum error_code folder_make_for(const char *path, struct error *err)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return error_memory(err);
    enum error_code code = ERR_NONE;
    for (char *slash = strchr(copy, '/'); slash != NULL && code == ERR_NONE; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (*copy != '\0')
            code = make_one(copy, err);
        *slash = '/';
    }
    free(copy);
    return code;
}

enum error_code folder_make(const char *folder, struct error *err)
{
    const enum error_code code = folder_make_for(folder, err);
    return code == ERR_NONE ? make_one(folder, err) : code;
}

uint64_t folder_room(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}
