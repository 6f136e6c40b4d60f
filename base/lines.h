/* Small text files that a user writes, line by line: the configuration, keys, themes, templates.
 *
 * A file is read whole, at most LINES_FILE_MAX bytes of it, and only if it is a regular file (or /dev/null): opening
 * never waits for another program, as it would with a named pipe. Lines are handed out one at a time with their
 * number, without white space at either end. */
#ifndef PALAVER_BASE_LINES_H
#define PALAVER_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define LINES_FILE_MAX ((size_t)1 << 20) /* bytes; these files are a screenful, a larger one is a mistake */

struct lines {
    const char *path; /* of the file, for messages; owned by the caller */
    int number;       /* of the line that lines_next returned last, from 1; 0 before the first */
    char *text;       /* internal: the file, cut into strings as it is read */
    char *rest;       /* internal: what lines_next has not returned yet; NULL at the end */
};

/* Reads the file at path. ERR_NOT_FOUND when it does not exist; ERR_IO when it can't be read or is not a regular file;
 * ERR_FORMAT when it is too large or holds a NUL byte; ERR_MEMORY. On failure there is nothing to free. path must
 * outlive l. */
enum error_code lines_open(struct lines *l, const char *path, struct error *err);
/* Lines of a text in memory; name stands in messages. text is copied. Only ERR_MEMORY and ERR_FORMAT can happen. */
enum error_code lines_open_text(struct lines *l, const char *name, const char *text, size_t size, struct error *err);
/* The next line, trimmed, blank lines and comments included; NULL after the last. It may be changed, and stays valid
 * until lines_close. */
char *lines_next(struct lines *l);
/* The same without blank lines and those that begin with '#'. */
char *lines_next_entry(struct lines *l);
/* Fills err with "PATH:NUMBER: " and the formatted message; returns code. */
enum error_code lines_fail(const struct lines *l, enum error_code code, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Releases the text. Accepts a zeroed struct. */
void lines_close(struct lines *l);

/* Cuts spaces, tabs, CR and LF off both ends, in place; returns where the rest begins. */
char *lines_trim(char *text);

#endif
