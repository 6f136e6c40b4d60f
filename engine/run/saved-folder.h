/* The folder of saved sessions: what lies in it, and making room. See saved.h. */
#ifndef PALAVER_ENGINE_RUN_SAVED_FOLDER_H
#define PALAVER_ENGINE_RUN_SAVED_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SAVED_NAME_MOST = 64 }; /* bytes of a name, the NUL counted */

/* The files, oldest first. */
struct saved_list {
    struct saved_entry {
        char name[SAVED_NAME_MOST]; /* without the suffix */
        uint64_t bytes;
        int64_t used; /* nanoseconds: when it was written or read last */
    } * at;
    size_t n;
};
/* An empty list where the folder can't be read. */
struct saved_list saved_list(const char *folder);
void saved_list_free(struct saved_list *list);
/* FOLDER/NAME.session, malloc'ed; NULL when out of memory. */
char *saved_path(const char *folder, const char *name);
/* Makes the folder, and removes the oldest files until there is room for a file NAME of `bytes` among `most`. ERR_IO when
 * the disk would have next to no room left. */
enum error_code saved_make_room(const char *folder, const char *name, uint64_t bytes, uint64_t most, struct error *err);

#endif
