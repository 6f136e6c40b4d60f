/* Replace: a file that is written whole or not at all. */
#ifndef PALAVER_APP_TEXT_REPLACE_H
#define PALAVER_APP_TEXT_REPLACE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct replace {
    FILE *file;      /* write here */
    char *path;      /* the file in the end */
    char *temporary; /* beside it; NULL: path is no plain file (a pipe, a device) and is written as it is */
};

/* Begins: the text goes to a new file beside path (0600, or with the present one's mode) until replace_end. */
enum error_code replace_begin(struct replace *r, const char *path, struct error *err);
/* keep: flushes it to the disk and puts it in path's place. Otherwise, or when that fails, path stays as it was. */
enum error_code replace_end(struct replace *r, bool keep, struct error *err);

#endif
