/* Paths: the program's folders, by the XDG base directory specification.
 *
 * A folder is made, with mode 0700, when something is first written to it; files get mode 0600. */
#ifndef PALAVER_APP_OPTIONS_PATHS_H
#define PALAVER_APP_OPTIONS_PATHS_H

#include "base/error.h"

/* Absolute paths without a slash at the end. Owned by this struct. */
struct paths {
    char *config_dir; /* config, templates/ */
    char *data_dir;   /* models/, the history */
    char *cache_dir;  /* may be deleted at any time */
    char *state_dir;  /* line-history: the messages typed before; theme: the name of the one chosen last */
};

/* Reads XDG_*_HOME (used only when absolute, as the specification says) and HOME. */
enum error_code paths_find(struct paths *p, struct error *err);
void paths_free(struct paths *p);
/* "FOLDER/NAME", malloc'ed; NULL when out of memory or longer than 4096 bytes. */
char *paths_join(const char *folder, const char *name);
/* "FOLDER/NAME" for the folder that the program lies in, as it does where it was built; malloc'ed, NULL when that is not
 * known. */
char *paths_beside(const char *name);

#endif
