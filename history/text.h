/* Storable forms of what users, models and files supply. */
#ifndef PALAVER_HISTORY_TEXT_H
#define PALAVER_HISTORY_TEXT_H

#include "history/store.h"

#define SETTINGS_MAX ((size_t)1 << 20) /* bytes of one settings object */

/* Appends text with U+FFFD for each ill-formed sequence; false when out is full or out of memory. */
bool text_store(struct buf *out, const char *text, size_t size);
/* The same into a fresh buffer, after checking the size: ERR_ARGUMENT for more than STORE_TEXT_MAX bytes. Free out only
 * after success. */
enum error_code text_check(const char *text, size_t size, struct buf *out, struct error *err);
/* One line of at most max bytes for a title, malloc'ed; a longer one ends in "…". NULL when out of memory. */
char *text_title(const char *text, size_t size, size_t max);
/* title, or title "(2)", "(3)"...: the first that no conversation has. *out is malloc'ed. */
enum error_code text_numbered(struct store *s, const char *title, char **out, struct error *err);
/* The compact form of a settings object, malloc'ed. ERR_FORMAT says where it is broken. */
enum error_code text_settings(const char *settings, char **out, struct error *err);
/* Fills 8 random characters and a NUL that no conversation has as its public id. */
enum error_code text_public_id(struct store *s, char out[STORE_ID_SIZE], struct error *err);

#endif
