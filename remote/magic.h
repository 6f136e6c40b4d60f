/* Magic: what the first bytes of a file say. A server that wants a login answers with a page, a careless one with an
 * error; neither may pass for a model. Internal to remote. */
#ifndef PALAVER_REMOTE_MAGIC_H
#define PALAVER_REMOTE_MAGIC_H

#include <stddef.h>

#include "base/error.h"

/* Bytes that are enough to tell. */
#define MAGIC_BYTES 64

/* Whether a file of this name can begin with these n bytes, all that there are or MAGIC_BYTES: ERR_FORMAT if not. source
 * is where they came from. */
enum error_code magic_check(const char *name, const unsigned char *head, size_t n, const char *source,
                            struct error *err);

#endif
