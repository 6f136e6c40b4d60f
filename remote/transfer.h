/* Transfer: one request, from its headers to the last byte of its answer. Redirects are followed here and not by libcurl,
 * so that each hop is checked: a token goes to the host that it is for and no further, and a connection that began
 * encrypted stays so. Internal to remote. */
#ifndef PALAVER_REMOTE_TRANSFER_H
#define PALAVER_REMOTE_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/answer.h"

/* A connection that several requests use one after another. */
struct transfer;
struct transfer *transfer_new(struct error *err);
void transfer_free(struct transfer *t);

struct transfer_request {
    const char *url;
    const char *accept;    /* NULL: anything */
    const char *token;     /* NULL: none */
    const char *token_for; /* the address of the host that gets the token */
    int64_t from;          /* the first byte wanted */
    const char *validator; /* with from > 0: only if the file is still the same; "": no condition */
    void *context;
    /* The headers are there. Anything but ERR_NONE ends the request with this code; err may be filled. */
    enum error_code (*begin)(void *context, const struct answer *a, struct error *err);
    /* The next bytes, likewise. */
    enum error_code (*take)(void *context, const void *bytes, size_t n, struct error *err);
    /* Called several times a second; false: stop. */
    bool (*tick)(void *context);
};

enum transfer_end {
    TRANSFER_WHOLE,  /* the answer has ended as it should */
    TRANSFER_ENDED,  /* begin or take ended it */
    TRANSFER_BROKEN, /* the connection failed: it may work the next time */
    TRANSFER_FAILED, /* it won't: an address or a certificate is wrong, or redirects are */
    TRANSFER_STOPPED,
};

/* Carries the request out. err says what happened unless the end is TRANSFER_WHOLE, or begin or take left it empty.
 * *reached: whether a server answered at all. */
enum transfer_end transfer_run(struct transfer *t, const struct transfer_request *request, bool *reached,
                               struct error *err);

#endif
