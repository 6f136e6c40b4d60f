/* Paths: the program's folders by the XDG base directory specification.
 *
 * Folders are made when first written to, 0700; files 0600. */
#ifndef PALAVER_APP_OPTIONS_PATHS_H
#define PALAVER_APP_OPTIONS_PATHS_H

#include "base/error.h"

/* Absolute paths without a trailing slash, malloc'ed. */
struct paths {
    char *config_dir; /* config, templates/ */
    char *data_dir;   /* models/, the history */
    char *cache_dir;  /* may be deleted at any time */
    char *state_dir;  /* line-history */
};

/* Reads XDG_*_HOME (used only when absolute, as the specification says) and HOME. */
enum error_code paths_find(struct paths *p, struct error *err);
void paths_free(struct paths *p);
/* "FOLDER/NAME" in malloc'ed memory; NULL when there is none. */
char *paths_join(const char *folder, const char *name);
/* Makes the folder and those above it, 0700. */
enum error_code paths_make(const char *folder, struct error *err);

#endif
