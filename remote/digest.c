/* Digest: SHA-256, or what git calls a file: the SHA-1 of "blob SIZE", a NUL and the bytes. The latter guards against
 * accidents alone; hubs tell it for their small files. */
#include <config.h>

#include "remote/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "remote/library.h"

struct digest {
    const struct library *library;
    EVP_MD_CTX *context;
    enum digest_kind kind;
    int64_t size;
};

struct digest *digest_new(enum digest_kind kind, int64_t size, struct error *err)
{
    const struct library *library = library_load(err);
    if (library == NULL)
        return NULL;
    struct digest *d = calloc(1, sizeof *d);
    EVP_MD_CTX *context = d != NULL ? library->md_new() : NULL;
    if (context == NULL) {
        error_memory(err);
        free(d);
        return NULL;
    }
    *d = (struct digest){.library = library, .context = context, .kind = kind, .size = size};
    digest_restart(d);
    return d;
}

void digest_free(struct digest *d)
{
    if (d != NULL)
        d->library->md_free(d->context);
    free(d);
}

void digest_restart(struct digest *d)
{
    const bool git = d->kind == DIGEST_GIT;
    d->library->md_init(d->context, git ? d->library->sha1() : d->library->sha256(), NULL);
    if (!git)
        return;
    char head[40];
    const int n = snprintf(head, sizeof head, "blob %" PRId64, d->size);
    digest_add(d, head, (size_t)n + 1);
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
    d->library->md_update(d->context, bytes, n);
}

void digest_end(struct digest *d, char out[DIGEST_TEXT])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    d->library->md_final(d->context, sum, &n);
    out[0] = '\0';
    for (unsigned int i = 0; i < n && 2 * i + 2 < DIGEST_TEXT; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
}
