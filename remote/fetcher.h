/* Fetcher: what all requests of one call share: the connection, how far it is, who is told. Internal to remote. */
#ifndef PALAVER_REMOTE_FETCHER_H
#define PALAVER_REMOTE_FETCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/remote.h"
#include "remote/transfer.h"

struct fetcher {
    const struct remote_options *options;
    struct transfer *transfer;
    bool reached;        /* a server has answered: there is a network */
    int64_t done, total; /* bytes of the files before the present one, and of all (-1: unknown), for watch->progress */
};

enum error_code fetcher_open(struct fetcher *f, const struct remote_options *o, struct error *err);
void fetcher_close(struct fetcher *f);
/* ERR_IO unless the disk that holds folder has room for so many bytes more. */
enum error_code fetcher_check_room(const char *folder, int64_t bytes, struct error *err);
/* Whether a request to this address carries the token. */
bool fetcher_sends_token(const struct remote_options *o, const char *url);

#endif
