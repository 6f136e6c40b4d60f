/* Files: private from the moment they are made. open() sets the mode before SQLite sees the file; SQLite gives its -wal
 * and -shm files the same. */
#include <config.h>

#include "history/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum error_code file_secure(const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0)
        return error_system(err, ERR_IO, errno, "%s: can't be opened for writing", path);
    struct stat st;
    enum error_code code = ERR_NONE;
    if (fstat(fd, &st) != 0)
        code = error_system(err, ERR_IO, errno, "%s", path);
    else if (!S_ISREG(st.st_mode))
        code = error_set(err, ERR_ARGUMENT, "%s: not a regular file", path);
    else if ((st.st_mode & 077) != 0 && st.st_uid == geteuid())
        fchmod(fd, 0600);
    close(fd);
    return code;
}
