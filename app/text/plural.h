/* Plural: the s of a counted word, as in "%zu token%s". */
#ifndef PALAVER_APP_TEXT_PLURAL_H
#define PALAVER_APP_TEXT_PLURAL_H

#include <stddef.h>

/* "" for one, "s" for any other number. */
static inline const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

#endif
