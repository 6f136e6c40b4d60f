/* Lanes: requests to one server, several at a time, for a thread that may wait. Internal to remote.
 *
 * Answers are whole JSON objects. A server that has too many requests or is not ready is asked again, as long after as it
 * says; a failure of one request ends the others. */
#ifndef PALAVER_REMOTE_LANES_H
#define PALAVER_REMOTE_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "remote/endpoint-scorer.h"
#include "remote/endpoint.h"

enum { LANES_MOST = 16 }; /* requests at a time, at most */

struct lanes;
/* about (what is known of the server, for its errors) and watch stay the caller's. Sends nothing. NULL on failure. */
struct lanes *lanes_open(const struct endpoint_place *place, const struct endpoint_about *about,
                         const struct endpoint_watch *watch, struct error *err);
void lanes_free(struct lanes *p);

/* Requests [0, n) of one kind. */
struct lanes_work {
    const char *path;  /* POSTed to */
    bool below;        /* "/v1", else beside it */
    size_t n, width;   /* width: at a time */
    const char *model; /* that they are for */
    /* The body of request i, a new reference; NULL when out of memory. */
    json_t *(*make)(void *context, size_t i);
    /* The answer to request i; they come in any order. Not ERR_NONE ends all. */
    enum error_code (*take)(void *context, size_t i, const json_t *answer, struct error *err);
    void *context;
};
/* ERR_STOPPED when watch said so; what was taken stays good, after any failure. */
enum error_code lanes_run(struct lanes *p, const struct lanes_work *work, struct error *err);

#endif
