/* Replace: temporary file, fsync, rename, fsync of the folder. */
#include <config.h>

#include "app/text/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/text/input.h"
#include "base/buf.h"
#include "base/error.h"

static void free_names(struct replace *r)
{
    free(r->path);
    free(r->temporary);
    *r = (struct replace){0};
}

/* "FOLDER/.NAME.XXXXXX" */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    struct buf text;
    buf_init(&text, PATH_MAX);
    buf_printf(&text, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
    char *out = buf_failed(&text) ? NULL : buf_take(&text);
    buf_free(&text);
    return out;
}

static FILE *open_temporary(struct replace *r, const struct stat *present)
{
    r->temporary = temporary_name(r->path);
    int fd = r->temporary != NULL ? mkstemp(r->temporary) : -1;
    if (fd < 0) {
        free(r->temporary);
        r->temporary = NULL;
        return NULL;
    }
    if (present != NULL)
        fchmod(fd, present->st_mode & 0777);
    FILE *file = fdopen(fd, "w");
    if (file == NULL)
        close(fd);
    return file;
}

/* A device, or a pipe that is passed as /dev/stdout or /dev/fd/N. */
static FILE *open_special(const char *path, const struct stat *present)
{
    if (!S_ISCHR(present->st_mode) && !input_is_passed(path)) {
        errno = S_ISDIR(present->st_mode) ? EISDIR : EINVAL;
        return NULL;
    }
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

enum error_code replace_begin(struct replace *r, const char *path, struct error *err)
{
    struct stat present;
    bool there = stat(path, &present) == 0;
    bool special = there && !S_ISREG(present.st_mode);
    *r = (struct replace){.path = there && !special ? realpath(path, NULL) : strdup(path)};
    if (r->path == NULL)
        return error_system(err, ERR_IO, errno, "%s: can't be written", path);
    r->file = special ? open_special(path, &present) : open_temporary(r, there ? &present : NULL);
    if (r->file != NULL)
        return ERR_NONE;
    if (special && errno == EINVAL)
        error_set(err, ERR_IO, "%s: can't be written: a named pipe, a socket or a disk, not a file", path);
    error_system(err, ERR_IO, errno, "%s: can't be written", path);
    if (r->temporary != NULL)
        unlink(r->temporary);
    free_names(r);
    return ERR_IO;
}

/* Brings the folder's entry to the disk too. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = folder != NULL ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

enum error_code replace_end(struct replace *r, bool keep, struct error *err)
{
    enum error_code code = ERR_NONE;
    bool written = keep && fflush(r->file) == 0 && !ferror(r->file) &&
                   (r->temporary == NULL || fsync(fileno(r->file)) == 0);
    int why = errno;
    if (fclose(r->file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (keep && written && r->temporary != NULL && rename(r->temporary, r->path) != 0) {
        written = false;
        why = errno;
    }
    if (keep && !written)
        code = error_system(err, ERR_IO, why, "%s: can't be written", r->path);
    if ((!keep || !written) && r->temporary != NULL)
        unlink(r->temporary);
    else if (r->temporary != NULL)
        sync_folder(r->path);
    free_names(r);
    return code;
}
