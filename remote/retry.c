/* Retry: statuses and waits. */
#include <config.h>

#include "remote/retry.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"

enum {
    TRIES_MOST = 5,     /* in vain: 1 + 2 + 4 + 8 + 16 seconds */
    WAIT_MOST = 5 * 60, /* seconds that a server may ask for */
};

/* Those that a server or a proxy in front of it sends when it is the wrong moment. */
static bool is_passing(long status)
{
    return status == 408 || status == 425 || status == 429 || status == 500 || (status >= 502 && status <= 504) ||
           status == 509 || (status >= 520 && status <= 529);
}

enum error_code answer_judge(const struct answer *a, bool token, struct error *err)
{
    const char *url = a->url;
    const long status = a->status;
    if (status == 200 || status == 206)
        return ERR_NONE;
    if (status == 429)
        return error_set(err, ERR_BUSY, "%s: too many requests for now (429)", url);
    if (is_passing(status))
        return error_set(err, ERR_BUSY, "%s: the server can't answer now (%ld)", url, status);
    if (status == 401 && !token)
        return error_set(
            err, ERR_ARGUMENT,
            "%s: not without a token (401): it is private or needs a licence to be accepted, or it does not "
            "exist; put your token for the hub into HF_TOKEN (it is sent by https alone)",
            url);
    if (status == 401 || status == 403)
        return error_set(
            err, ERR_ARGUMENT,
            "%s: not allowed (%ld)%s; accept the licence on the model's page in a browser, or ask for access "
            "there",
            url, status, token ? " with the token in HF_TOKEN" : "");
    if (status == 404 || status == 410)
        return error_set(err, ERR_NOT_FOUND, "%s: does not exist there (%ld); look for the name in a browser", url,
                         status);
    return error_set(err, ERR_IO, "%s: the server answers with status %ld", url, status);
}

enum error_code retry_wait(struct retry *r, const struct remote_watch *watch, bool came, int64_t retry_after,
                           const char *why, struct error *err)
{
    r->tries = came ? 1 : r->tries + 1;
    if (r->tries > TRIES_MOST)
        return error_set(err, ERR_IO, "%s; %d tries in vain", why, TRIES_MOST);
    if (retry_after > WAIT_MOST)
        return error_set(err, ERR_IO, "%s; it asks to wait %" PRId64 " seconds: try again then", why, retry_after);
    const int seconds = retry_after >= 0 ? (int)retry_after : came ? 0 : 1 << (r->tries - 1);
    if (seconds == 0)
        watch->note(watch->context, why);
    else if (!watch->wait(watch->context, seconds, why))
        return error_set(err, ERR_STOPPED, "stopped");
    return ERR_NONE;
}
