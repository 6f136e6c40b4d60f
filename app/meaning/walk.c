/* Walk: folders are read one after another, none within itself: a list of those that wait grows at its end. */
#include <config.h>

#include "app/meaning/walk.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/text/words.h"
#include "base/buf.h"

/* Folders that are looked into, at most; there are no links among them, so each is met once. */
enum { FOLDERS_MOST = 20000 };

static bool add_file(struct walk *w, const char *path, uint64_t size)
{
    if (size > WALK_FILE_MOST) {
        w->large++;
        return true;
    }
    if (w->n == WALK_FILES_MOST || w->bytes + size > WALK_MOST) {
        w->full = true;
        return true;
    }
    if (w->n == w->capacity) {
        const size_t capacity = w->capacity > 0 ? 2 * w->capacity : 64;
        struct walk_file *files = realloc(w->files, capacity * sizeof *files);
        if (files == NULL)
            return false;
        w->files = files;
        w->capacity = capacity;
    }
    w->files[w->n] = (struct walk_file){strdup(path), size};
    w->bytes += size;
    return w->files[w->n].path != NULL && ++w->n > 0;
}

/* A file is added, a folder waits. */
static bool add_path(struct walk *w, struct words *folders, const char *path, bool named)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        w->unreadable++;
        return true;
    }
    const bool link = S_ISLNK(status.st_mode);
    if (link && stat(path, &status) != 0)
        return true; /* it leads nowhere */
    if (S_ISREG(status.st_mode))
        return add_file(w, path, (uint64_t)status.st_size);
    if (!S_ISDIR(status.st_mode))
        return true;
    if (link && !named) {
        w->links++;
        return true;
    }
    if (folders->n == FOLDERS_MOST) {
        w->full = true;
        return true;
    }
    return words_add(folders, path, strlen(path));
}

static int is_seen(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool read_folder(struct walk *w, struct words *folders, const char *path)
{
    struct dirent **entries;
    struct buf whole;
    const int n = scandir(path, &entries, is_seen, alphasort);
    bool ok = true;
    if (n < 0) {
        w->unreadable++;
        return errno != ENOMEM;
    }
    buf_init(&whole, 1 << 16);
    for (int i = 0; i < n; i++) {
        buf_clear(&whole);
        const size_t size = strlen(path);
        buf_printf(&whole, "%s%s%s", path, size > 0 && path[size - 1] == '/' ? "" : "/", entries[i]->d_name);
        ok = ok && !buf_failed(&whole) && add_path(w, folders, buf_text(&whole), false);
        free(entries[i]);
    }
    free(entries);
    buf_free(&whole);
    return ok;
}

enum error_code walk_add(struct walk *w, const char *pattern, walk_goes_on *goes_on, void *context, struct error *err)
{
    glob_t found = {0};
    struct words folders = {0};
    enum error_code code = ERR_NONE;
    const int failed = glob(pattern, GLOB_TILDE, NULL, &found);
    if (failed != 0)
        code = failed == GLOB_NOSPACE ? error_memory(err)
                                      : error_set(err, ERR_NOT_FOUND, "%s: there is no such folder or file", pattern);
    for (size_t i = 0; code == ERR_NONE && i < found.gl_pathc; i++)
        if (!add_path(w, &folders, found.gl_pathv[i], true))
            code = error_memory(err);
    for (size_t i = 0; code == ERR_NONE && i < folders.n; i++)
        if (!goes_on(context))
            code = error_set(err, ERR_STOPPED, "stopped");
        else if (!read_folder(w, &folders, folders.at[i]))
            code = error_memory(err);
    words_free(&folders);
    globfree(&found);
    return code;
}

void walk_free(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->files[i].path);
    free(w->files);
    *w = (struct walk){0};
}
