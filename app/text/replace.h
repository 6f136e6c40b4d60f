/* Replace: a file that is written completely or not at all. */
#ifndef PALAVER_APP_TEXT_REPLACE_H
#define PALAVER_APP_TEXT_REPLACE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct replace {
    FILE *file;      /* write here */
    char *path;      /* of the file to replace */
    char *temporary; /* in the same folder; NULL: path is a device or a passed pipe and is written directly */
};

/* Opens r->file, a new file in the same folder (mode 0600, or that of the present file). Nothing is at path until
 * replace_end. Refuses named pipes, which would have to wait for a reader. On failure there is nothing to end. */
enum error_code replace_begin(struct replace *r, const char *path, struct error *err);
/* keep: brings the text to the disk and puts it in place of path. Otherwise, or if that fails, path stays as it was.
 * Releases r in any case. */
enum error_code replace_end(struct replace *r, bool keep, struct error *err);

#endif
