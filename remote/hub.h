/* Hub: repositories of models as Hugging Face serves them, and mirrors that do as it does.
 *
 * A list is asked of HUB/api/models/ORG/NAME/tree/REVISION, in pages; files lie at HUB/ORG/NAME/resolve/REVISION/FILE.
 * The list tells the SHA-256 of large files, and what git calls the small ones. Internal to remote. */
#ifndef PALAVER_REMOTE_HUB_H
#define PALAVER_REMOTE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/fetcher.h"
#include "remote/remote.h"

/* What the user named. */
struct hub_name {
    char repository[200]; /* "ORG/NAME" */
    char revision[100];   /* "main" */
    char file[300];       /* a path in the repository; "": not named */
    char type[60];        /* "Q4_K_M"; "": not named */
};

struct hub_entry {
    char *path;
    int64_t size;
    enum digest_kind kind;
    char sum[DIGEST_TEXT];
};
struct hub_list {
    struct hub_entry *at;
    size_t n;
};

/* Reads "[hf:]ORG/NAME[@REVISION][:TYPE or /FILE]" or the address of a page of the hub. ERR_NOT_FOUND without a message
 * when text is neither; ERR_ARGUMENT when it is one with a fault. */
enum error_code hub_parse(const char *text, const char *hub, struct hub_name *out, struct error *err);
/* Asks for the files of a repository. Freed by hub_list_free, also after a failure. */
enum error_code hub_files(struct fetcher *f, const struct hub_name *name, struct hub_list *out, struct error *err);
/* Adds the files that a page of a list tells; url is where it came from, for messages. */
enum error_code hub_list_read(struct hub_list *list, const char *url, const struct buf *text, struct error *err);
void hub_list_free(struct hub_list *list);
/* The address of a file; malloc'ed, NULL when out of memory. */
char *hub_url(const char *hub, const struct hub_name *name, const char *path);

#endif
