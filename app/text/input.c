/* Input: open(2) without waiting, read(2) until the end. */
#include <config.h>

#include "app/text/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

bool input_is_passed(const char *path)
{
    static const char *const names[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(path, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static enum error_code refuse_kind(const char *path, mode_t mode, struct error *err)
{
    const char *kind = S_ISDIR(mode)    ? "a folder"
                       : S_ISFIFO(mode) ? "a named pipe"
                       : S_ISSOCK(mode) ? "a socket"
                                        : "a device";
    return error_set(err, ERR_ARGUMENT, "%s: %s, not a file", path, kind);
}

int input_open(const char *path, bool pipes, struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_system(err, ERR_IO, errno, "%s", path);
    } else if (S_ISREG(status.st_mode) || (pipes && !S_ISDIR(status.st_mode) && input_is_passed(path))) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        return fd;
    } else {
        refuse_kind(path, status.st_mode, err);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

enum error_code input_read(int fd, const char *name, struct buf *out, struct error *err)
{
    char block[65536];
    for (;;) {
        ssize_t size = read(fd, block, sizeof block);
        if (size == 0)
            return ERR_NONE;
        if (size < 0 && errno == EINTR)
            return error_set(err, ERR_STOPPED, "interrupted while reading %s", name);
        if (size < 0 && errno == EBADF)
            return error_set(err, ERR_IO, "%s is closed", name);
        if (size < 0)
            return error_system(err, ERR_IO, errno, "%s", name);
        if (!buf_append(out, block, (size_t)size))
            return error_set(err, ERR_CONTEXT, "%s: larger than %zu MiB, more than any context holds", name,
                             out->max >> 20);
    }
}

enum error_code input_read_file(const char *path, struct buf *out, struct error *err)
{
    int fd = input_open(path, false, err);
    if (fd < 0)
        return err != NULL ? err->code : ERR_IO;
    enum error_code code = input_read(fd, path, out, err);
    close(fd);
    return code;
}

size_t input_binary_at(const struct buf *text)
{
    const char *nul = text->size > 0 ? memchr(text->data, '\0', text->size) : NULL;
    const size_t bad = utf8_check(buf_text(text), text->size);
    return nul != NULL && (size_t)(nul - text->data) < bad ? (size_t)(nul - text->data) : bad;
}

enum error_code input_check_utf8(const struct buf *text, const char *name, struct error *err)
{
    size_t good = utf8_check(buf_text(text), text->size);
    if (good == text->size)
        return ERR_NONE;
    return error_set(err, ERR_FORMAT, "%s: not UTF-8 at byte %zu; convert it first, e.g. with iconv", name, good);
}
