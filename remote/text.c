/* Text: asked for until it comes whole. */
#include <config.h>

#include "remote/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/remote.h"
#include "remote/retry.h"
#include "remote/transfer.h"
#include "remote/url.h"

struct text_request {
    struct fetcher *fetcher;
    const char *url;
    struct buf *out;
    size_t before; /* bytes of out that were there */
    char *next;
    int64_t retry_after;
};

static enum error_code text_begin(void *context, const struct answer *a, struct error *err)
{
    struct text_request *x = context;
    const struct remote_options *o = x->fetcher->options;
    buf_truncate(x->out, x->before);
    free(x->next);
    x->next = a->next != NULL ? strdup(a->next) : NULL;
    x->retry_after = a->retry_after;
    return answer_judge(a, fetcher_sends_token(o, x->url), err);
}

static enum error_code text_take(void *context, const void *bytes, size_t n, struct error *err)
{
    struct text_request *x = context;
    char shown[URL_SHOWN];
    if (buf_append(x->out, bytes, n))
        return ERR_NONE;
    url_show(x->url, shown);
    return error_set(err, ERR_FORMAT, "%s: the list is longer than %zu MB; it can't be what it should", shown,
                     x->out->max >> 20);
}

static bool text_tick(void *context)
{
    const struct text_request *x = context;
    const struct remote_watch *watch = &x->fetcher->options->watch;
    return watch->progress(watch->context, 0, -1);
}

enum error_code text_fetch(struct fetcher *f, const char *url, const char *accept, struct buf *out, char **next,
                           struct error *err)
{
    struct text_request x = {.fetcher = f, .url = url, .out = out, .before = out->size};
    const struct remote_options *o = f->options;
    const struct transfer_request request = {.url = url,
                                             .accept = accept,
                                             .token = o->token,
                                             .token_for = o->hub,
                                             .context = &x,
                                             .begin = text_begin,
                                             .take = text_take,
                                             .tick = text_tick};
    struct retry retry = {0};
    for (bool again = true; again && err->code == ERR_NONE;) {
        struct error why = {0};
        bool reached = false;
        x.retry_after = -1;
        const enum transfer_end end = transfer_run(f->transfer, &request, &reached, &why);
        again = (end == TRANSFER_BROKEN && (reached || f->reached)) || why.code == ERR_BUSY;
        f->reached |= reached;
        if (again)
            retry_wait(&retry, &o->watch, false, x.retry_after, why.message, err);
        else if (end != TRANSFER_WHOLE)
            error_set(err, why.code, "%s", why.message);
    }
    if (next != NULL && err->code == ERR_NONE)
        *next = x.next;
    else
        free(x.next);
    return err->code;
}
