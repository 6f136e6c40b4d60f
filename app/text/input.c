/* Input: read(2) until the end. */
#include <config.h>

#include "app/text/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

enum error_code input_read(int fd, const char *name, struct buf *out, struct error *err)
{
    char block[65536];
    for (;;) {
        ssize_t size = read(fd, block, sizeof block);
        if (size == 0)
            return ERR_NONE;
        if (size < 0 && errno == EINTR)
            return error_set(err, ERR_STOPPED, "interrupted while reading %s", name);
        if (size < 0)
            return error_system(err, ERR_IO, errno, "%s", name);
        if (!buf_append(out, block, (size_t)size))
            return error_set(err, ERR_CONTEXT, "%s: larger than %zu MiB, more than any context holds", name,
                             out->max >> 20);
    }
}

enum error_code input_read_file(const char *path, struct buf *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_system(err, ERR_IO, errno, "%s", path);
    enum error_code code = input_read(fd, path, out, err);
    close(fd);
    return code;
}

enum error_code input_check_utf8(const struct buf *text, const char *name, struct error *err)
{
    size_t good = utf8_check(buf_text(text), text->size);
    if (good == text->size)
        return ERR_NONE;
    return error_set(err, ERR_FORMAT, "%s: not UTF-8 at byte %zu; convert it first, e.g. with iconv", name, good);
}
