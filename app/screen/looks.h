/* Looks: how screens are opened: where themes and keys are, colours, the mouse. */
#ifndef PALAVER_APP_SCREEN_LOOKS_H
#define PALAVER_APP_SCREEN_LOOKS_H

#include "app/options/options.h"
#include "ui/ui.h"

enum { LOOKS_FOLDERS = 3 };

struct looks {
    struct ui_options options; /* but for the theme; points into the rest, and to o */
    char *built;               /* the themes next to the program, where it was built; NULL when that is not known */
    char *user, *keys;
    const char *folders[LOOKS_FOLDERS + 1]; /* NULL-terminated */
};

/* Needs to stay where it is while its options are used. */
void looks_open(struct looks *l, const struct options *o);
void looks_free(struct looks *l);

#endif
