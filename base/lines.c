/* Lines: reading a small file whole and cutting it in place. */
#include <config.h>

#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define BLANKS " \t\r\n"

/* Appends all of fd to out; false when a read fails, errno says why. */
static bool read_descriptor(int fd, struct buf *out)
{
    char piece[4096];
    ssize_t n;
    while (!buf_failed(out) && (n = read(fd, piece, sizeof piece)) != 0) {
        if (n > 0)
            buf_append(out, piece, (size_t)n);
        else if (errno != EINTR)
            return false;
    }
    return true;
}

static enum error_code read_whole(const char *path, struct buf *out, struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_system(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
    enum error_code code = ERR_NONE;
    if (fstat(fd, &st) != 0)
        code = error_system(err, ERR_IO, errno, "%s", path);
    else if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) /* a link to /dev/null is an empty file */
        code = error_set(err, ERR_IO, "%s: not a regular file", path);
    else if (!read_descriptor(fd, out))
        code = error_system(err, ERR_IO, errno, "%s: can't be read", path);
    else if (buf_failed(out) && st.st_size <= (off_t)LINES_FILE_MAX)
        code = error_set(err, ERR_MEMORY, "%s: out of memory", path);
    else if (buf_failed(out))
        code = error_set(err, ERR_FORMAT, "%s: larger than %zu bytes; a file of this kind is a screenful", path,
                         LINES_FILE_MAX);
    close(fd);
    return code;
}

/* Takes the bytes over. */
static enum error_code start_lines(struct lines *l, const char *path, struct buf *bytes, struct error *err)
{
    const char *nul = memchr(buf_text(bytes), '\0', bytes->size);
    if (nul != NULL)
        return error_set(err, ERR_FORMAT, "%s: not a text file; byte %zu is NUL", path,
                         (size_t)(nul - buf_text(bytes)));
    char *text = buf_take(bytes);
    if (text == NULL)
        return error_set(err, ERR_MEMORY, "%s: out of memory", path);
    *l = (struct lines){.path = path, .text = text, .rest = text};
    return ERR_NONE;
}

enum error_code lines_open(struct lines *l, const char *path, struct error *err)
{
    struct buf bytes;
    buf_init(&bytes, LINES_FILE_MAX);
    *l = (struct lines){0};
    enum error_code code = read_whole(path, &bytes, err);
    if (code == ERR_NONE)
        code = start_lines(l, path, &bytes, err);
    buf_free(&bytes);
    return code;
}

enum error_code lines_open_text(struct lines *l, const char *name, const char *text, size_t size, struct error *err)
{
    struct buf bytes;
    buf_init(&bytes, size);
    *l = (struct lines){0};
    buf_append(&bytes, text, size);
    enum error_code code = start_lines(l, name, &bytes, err);
    buf_free(&bytes);
    return code;
}

char *lines_next(struct lines *l)
{
    if (l->rest == NULL || *l->rest == '\0')
        return NULL;
    char *line = l->rest, *end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    l->rest = end != NULL ? end + 1 : NULL;
    l->number++;
    return lines_trim(line);
}

char *lines_next_entry(struct lines *l)
{
    char *line;
    while ((line = lines_next(l)) != NULL && (*line == '\0' || *line == '#'))
        ;
    return line;
}

enum error_code lines_fail(const struct lines *l, enum error_code code, struct error *err, const char *format, ...)
{
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(err, code, "%s:%d: %s", l->path, l->number, message);
}

void lines_close(struct lines *l)
{
    free(l->text);
    *l = (struct lines){0};
}

char *lines_trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t size = strlen(text);
    while (size > 0 && strchr(BLANKS, text[size - 1]) != NULL)
        text[--size] = '\0';
    return text;
}
