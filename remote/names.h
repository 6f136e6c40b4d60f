/* Names: which names that a server gives may become names of files here. Internal to remote. */
#ifndef PALAVER_REMOTE_NAMES_H
#define PALAVER_REMOTE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a file may be called so: one segment of a path, no dot at its beginning, only characters that can be shown,
 * UTF-8, at most 200 bytes, and not the end that growing files have. */
bool name_is_safe(const char *name);
/* What follows the last slash. */
const char *name_base(const char *path);
bool name_ends_with(const char *name, const char *end);
/* Whether the name is that of one part of several, "...-00002-of-00003.EXT"; then its numbers, and how many bytes stand
 * before them. */
bool name_is_part(const char *name, int *part, int *parts, size_t *stem);
/* "FOLDER/NAME", malloc'ed; NULL when out of memory. */
char *name_join(const char *folder, const char *name);

#endif
