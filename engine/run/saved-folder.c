/* The folder of saved sessions. Tens of files; what does not end in the suffix is not ours and stays. */
#include <config.h>

#include "engine/run/saved-folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "engine/engine.h"
#include "engine/run/saved.h"

enum { DISK_LEFT = 1 << 29 }; /* bytes that others may need more than a cache does */

char *saved_path(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + sizeof "/" SAVED_SUFFIX;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s%s", folder, name, SAVED_SUFFIX);
    return path;
}

/* ---- what there is ---------------------------------------------------------------------------------------------- */

/* The length of the name in front of the suffix; 0 when the file is none of ours. */
static size_t name_length(const char *file)
{
    const size_t length = strlen(file), suffix = strlen(SAVED_SUFFIX);
    const bool ours = length > suffix && length - suffix < SAVED_NAME_MOST &&
                      strcmp(file + length - suffix, SAVED_SUFFIX) == 0;
    return ours ? length - suffix : 0;
}

static bool list_add(struct saved_list *list, const char *file, size_t length, const struct stat *st)
{
    if ((list->n & (list->n - 1)) == 0) { /* a power of two: it is full */
        struct saved_entry *more = realloc(list->at, (list->n > 0 ? 2 * list->n : 1) * sizeof *more);
        if (more == NULL)
            return false;
        list->at = more;
    }
    struct saved_entry *e = &list->at[list->n++];
    memcpy(e->name, file, length);
    e->name[length] = '\0';
    e->bytes = (uint64_t)st->st_size;
    e->used = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    return true;
}

static int compare_ages(const void *a, const void *b)
{
    const struct saved_entry *x = a, *y = b;
    return x->used != y->used ? (x->used > y->used) - (x->used < y->used) : strcmp(x->name, y->name);
}

struct saved_list saved_list(const char *folder)
{
    struct saved_list list = {0};
    DIR *dir = opendir(folder);
    bool more = dir != NULL;
    for (struct dirent *file; more && (file = readdir(dir)) != NULL;) {
        struct stat st;
        const size_t length = name_length(file->d_name);
        if (length > 0 && fstatat(dirfd(dir), file->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            more = list_add(&list, file->d_name, length, &st);
    }
    if (dir != NULL)
        closedir(dir);
    if (list.n > 0)
        qsort(list.at, list.n, sizeof *list.at, compare_ages);
    return list;
}

void saved_list_free(struct saved_list *list)
{
    free(list->at);
    *list = (struct saved_list){0};
}

/* ---- room ------------------------------------------------------------------------------------------------------- */

static enum error_code check_disk(const char *folder, uint64_t bytes, struct error *err)
{
    if (folder_room(folder) > bytes + DISK_LEFT)
        return ERR_NONE;
    return error_set(err, ERR_IO, "%s: the disk has too little room for what the model knows of a conversation",
                     folder);
}

enum error_code saved_make_room(const char *folder, const char *name, uint64_t bytes, uint64_t most, struct error *err)
{
    if (folder_make(folder, err) != ERR_NONE)
        return err->code;
    struct saved_list list = saved_list(folder);
    uint64_t others = 0, own = 0;
    for (size_t i = 0; i < list.n; i++)
        *(strcmp(list.at[i].name, name) == 0 ? &own : &others) += list.at[i].bytes;
    for (size_t i = 0; i < list.n && others > most - bytes; i++)
        if (strcmp(list.at[i].name, name) != 0) {
            session_forget_saved(folder, list.at[i].name);
            others -= list.at[i].bytes;
        }
    saved_list_free(&list);
    return check_disk(folder, bytes > own ? bytes - own : 0, err);
}

/* ---- the face --------------------------------------------------------------------------------------------------- */

void session_forget_saved(const char *folder, const char *name)
{
    char *path = saved_path(folder, name);
    if (path != NULL)
        unlink(path);
    free(path);
}
