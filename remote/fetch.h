/* Fetch: one file, or one text, with all the patience that a network needs. Internal to remote. */
#ifndef PALAVER_REMOTE_FETCH_H
#define PALAVER_REMOTE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/remote.h"
#include "remote/transfer.h"

/* What all requests of one call share. */
struct fetcher {
    const struct remote_options *options;
    struct transfer *transfer;
    bool reached;        /* a server has answered: there is a network */
    int64_t done, total; /* bytes of the files before this one, and of all (-1: unknown), for watch->progress */
};

enum error_code fetcher_open(struct fetcher *f, const struct remote_options *o, struct error *err);
void fetcher_close(struct fetcher *f);

/* Makes FOLDER/NAME what file says. alone: the file is a model by itself, which watch->check is asked about. A file that
 * is there and right is left alone; one that differs too, with ERR_ARGUMENT. */
enum error_code fetch_file(struct fetcher *f, const struct remote_file *file, const char *folder, bool alone,
                           struct error *err);
/* Appends a text to out. *next: the address of the page after it, malloc'ed, NULL: none; may be NULL. */
enum error_code fetch_text(struct fetcher *f, const char *url, const char *accept, struct buf *out, char **next,
                           struct error *err);
/* ERR_IO unless the disk that holds folder has room for so many bytes more. */
enum error_code fetch_check_room(const char *folder, int64_t bytes, struct error *err);

#endif
