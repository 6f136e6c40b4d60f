/* URL: what Palaver has to know of addresses. libcurl takes them apart, so that what is checked here is what it connects
 * to. Internal to remote. */
#ifndef PALAVER_REMOTE_URL_H
#define PALAVER_REMOTE_URL_H

#include <stdbool.h>

#include "base/error.h"

/* Bytes of an address as messages show it. */
#define URL_SHOWN 160

/* Whether text begins as http:// or https:// does, or with another scheme and "://". */
bool url_looks_like_one(const char *text);
/* ERR_ARGUMENT unless text is a well-formed http or https address. */
enum error_code url_check(const char *text, struct error *err);
/* Whether both have the same scheme, host and port. */
bool url_same_origin(const char *a, const char *b);
/* Whether nobody on the way can read what is sent: https, or a connection inside of this machine. */
bool url_is_private(const char *text);
bool url_is_https(const char *text);
/* Writes the address for a message: without user, password, query and fragment, any of which may be a secret. */
void url_show(const char *text, char out[URL_SHOWN]);
/* The path, decoded, without the slash at its beginning; malloc'ed, NULL on failure. */
char *url_path(const char *text);
/* The address with the last segment of its path replaced by name, malloc'ed; NULL on failure. */
char *url_beside(const char *text, const char *name);
/* base followed by the path, whose segments are encoded; malloc'ed, NULL on failure. base has no slash at its end. */
char *url_join(const char *base, const char *path);
/* The address of a path of a server of models, whose API is at url: below it ("/models"), or beside its "/v1" ("/props");
 * malloc'ed, NULL on failure. */
char *url_of_api(const char *url, const char *path, bool below);
/* What reference means on the page at base, which may be relative to it; malloc'ed, NULL if it is ill-formed. */
char *url_resolve(const char *base, const char *reference);

#endif
