/* Charsets of files that come from elsewhere: their names, as iconv, Python and spreadsheets have them, and their bytes as
 * UTF-8. */
#ifndef PALAVER_APP_TEXT_CHARSET_H
#define PALAVER_APP_TEXT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum charset {
    CHARSET_UTF8,
    CHARSET_LATIN1, /* ISO 8859-1 */
    CHARSET_CP1252, /* Windows' western one: Latin-1 with letters and typographic signs from 0x80 to 0x9F */
};

/* The charset of a name, in which case, hyphens, underscores and spaces do not matter: "latin1", "ISO-8859-1", "UTF-8". False
 * with ERR_ARGUMENT, which names those that there are. */
bool charset_find(const char *name, enum charset *out, struct error *err);
/* The name that messages and documents use. */
const char *charset_name(enum charset charset);
/* Makes the text UTF-8 in its place. Returns its size before, or where the first byte stands that the charset does not have;
 * then the text is as it was. Out of memory the buffer has failed. */
size_t charset_decode(enum charset charset, struct buf *text);

#endif
