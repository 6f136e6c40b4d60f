/* Walk: which files below a folder may be read for an answer. */
#ifndef PALAVER_APP_MEANING_WALK_H
#define PALAVER_APP_MEANING_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
    WALK_FILES_MOST = 10000,
    WALK_FILE_MOST = 8 << 20, /* bytes; larger files are seldom prose */
    WALK_MOST = 64 << 20,     /* bytes of all files, minutes of encoding */
};

struct walk_file {
    char *path;
    uint64_t size;
};

struct walk {
    struct walk_file *files; /* in the order of their paths, a folder's files before those of folders in it */
    size_t n, capacity;
    uint64_t bytes;                  /* of all of them */
    size_t large, unreadable, links; /* left out: larger files; folders that can't be read; links to folders */
    bool full;                       /* there are more files than fit */
};

/* Asked now and then; false ends the walk. */
typedef bool walk_goes_on(void *context);

/* Adds what lies below the paths of a pattern (a folder, or a file by itself). Names that begin with a dot are left out, and
 * so are links to folders, which may lead round in a circle, and whatever is no file. ERR_NOT_FOUND when nothing is there;
 * ERR_STOPPED. */
enum error_code walk_add(struct walk *w, const char *pattern, walk_goes_on *goes_on, void *context, struct error *err);
void walk_free(struct walk *w);

#endif
