/* Retry: which failures pass, and how long to wait for that. A server that asks for time gets it, within reason; a
 * connection that broke after bytes had come is taken up again at once; else the waits double. Internal to remote. */
#ifndef PALAVER_REMOTE_RETRY_H
#define PALAVER_REMOTE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/remote.h"
#include "remote/transfer.h"

/* What has been tried for one file or list. */
struct retry {
    int tries; /* in vain, one after another */
};

/* ERR_NONE when the status says that what was asked for follows; ERR_BUSY when it may another time; else an error that
 * says what to do. */
enum error_code answer_judge(const struct answer *a, bool token, struct error *err);
/* After a failure that may pass, which `why` tells: waits. came: something was won before. retry_after as in struct
 * transfer_answer. Anything but ERR_NONE is final, and err is filled. */
enum error_code retry_wait(struct retry *r, const struct remote_watch *watch, bool came, int64_t retry_after,
                           const char *why, struct error *err);

#endif
