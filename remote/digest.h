/* Digest: what a file's bytes are known by. Internal to remote. */
#ifndef PALAVER_REMOTE_DIGEST_H
#define PALAVER_REMOTE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/remote.h"

struct digest;

/* size: bytes of the whole file, which DIGEST_GIT begins with. DIGEST_NONE counts as DIGEST_SHA256. NULL on failure. */
struct digest *digest_new(enum digest_kind kind, int64_t size, struct error *err);
void digest_free(struct digest *d);
/* Forgets all bytes. */
void digest_restart(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t n);
/* Writes the sum in lower-case hexadecimal. Nothing is added afterwards. */
void digest_end(struct digest *d, char out[DIGEST_TEXT]);

#endif
