/* Fetch: a file grows request by request.
 *
 * Its bytes go into a part (part.c). A request asks for what is missing, under the condition that the file is still the
 * same; a server that has another file by now, or cannot continue, sends it from the beginning. The first bytes are looked
 * at before they replace anything, so that a login page does not cost what had come. */
#include <config.h>

#include "remote/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "remote/digest.h"
#include "remote/magic.h"
#include "remote/names.h"
#include "remote/part.h"
#include "remote/present.h"
#include "remote/retry.h"
#include "remote/url.h"

#define ROOM_STEP ((int64_t)16 << 20) /* bytes after which a file of unknown length is held against the disk */
#define READ_STEP ((size_t)1 << 16)

/* ---- one file --------------------------------------------------------------------------------------------------- */

struct fetch {
    struct fetcher *fetcher;
    const struct remote_file *file;
    const char *folder;
    struct part part;
    int64_t total;       /* bytes; -1: unknown */
    int64_t most;        /* of the part so far: what is beyond is won */
    int64_t earlier;     /* of the part, from an earlier run */
    int64_t retry_after; /* of the last answer */
    bool fresh;          /* the answer is the file from its beginning, and nothing of it is in the part yet */
    unsigned char head[MAGIC_BYTES];
    size_t n_head;
    char validator[200], source[URL_SHOWN]; /* of the last answer */
};

static bool fetch_progress(const struct fetch *x, int64_t done)
{
    const struct remote_watch *watch = &x->fetcher->options->watch;
    int64_t total = x->fetcher->total;
    if (total < 0 && x->fetcher->done == 0)
        total = x->total;
    return watch->progress(watch->context, x->fetcher->done + done, total);
}

static bool fetch_tick(void *context)
{
    const struct fetch *x = context;
    return fetch_progress(x, x->part.size);
}

static bool has_sum(const struct fetch *x)
{
    return x->file->kind != DIGEST_NONE;
}

/* The whole file follows. */
static enum error_code begin_whole(struct fetch *x, const struct answer *a, struct error *err)
{
    if (x->file->size >= 0 && a->length >= 0 && a->length != x->file->size)
        return error_set(err, ERR_FORMAT,
                         "%s: announces %" PRId64 " bytes, but the list says %" PRId64 "; try again later", a->url,
                         a->length, x->file->size);
    if (a->length < 0 && x->file->size < 0 && !has_sum(x))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: the server does not say how long the file is, so nobody knows when it is whole; give its "
                         "checksum with --sha256",
                         a->url);
    x->total = a->length >= 0 ? a->length : x->file->size;
    x->fresh = true;
    x->n_head = 0;
    return fetcher_check_room(x->folder, x->total >= 0 ? x->total - x->part.size : 0, err);
}

/* What is missing follows, or something else that calls itself so. */
static enum error_code begin_rest(struct fetch *x, const struct answer *a, struct error *err)
{
    const bool fits = a->from == x->part.size && (a->total < 0 || x->total < 0 || a->total == x->total);
    const bool same = x->part.origin.validator[0] == '\0' || a->validator[0] == '\0' ||
                      strcmp(x->part.origin.validator, a->validator) == 0;
    if (!fits || !same) {
        if (part_restart(&x->part, err) != ERR_NONE)
            return err->code;
        x->retry_after = 0;
        return error_set(err, ERR_BUSY, "%s: the file has changed there; it is fetched from its beginning", a->url);
    }
    x->total = a->total >= 0 ? a->total : x->total;
    return fetcher_check_room(x->folder, x->total >= 0 ? x->total - x->part.size : 0, err);
}

/* There is nothing after what is here: it is whole, or there is more of it than there should be. */
static enum error_code begin_beyond(struct fetch *x, const struct answer *a, struct error *err)
{
    if (a->total == x->part.size && (x->total < 0 || x->total == a->total)) {
        x->total = a->total;
        return ERR_STOPPED; /* no error, see fetch_once */
    }
    x->retry_after = 0;
    if (part_restart(&x->part, err) != ERR_NONE)
        return err->code;
    return error_set(err, ERR_BUSY,
                     "%s: the server has no byte %" PRId64 " of the file (416); it is fetched from its beginning",
                     a->url, x->most);
}

static enum error_code fetch_begin(void *context, const struct answer *a, struct error *err)
{
    struct fetch *x = context;
    const struct remote_options *o = x->fetcher->options;
    x->retry_after = a->retry_after;
    snprintf(x->validator, sizeof x->validator, "%s", a->validator);
    snprintf(x->source, sizeof x->source, "%s", a->url);
    if (a->status == 416 && x->part.size > 0)
        return begin_beyond(x, a, err);
    const enum error_code code = answer_judge(a, fetcher_sends_token(o, x->file->url), err);
    if (code != ERR_NONE)
        return code;
    if (a->status == 206 && x->part.size == 0)
        return error_set(err, ERR_FORMAT, "%s: sends a piece of the file (206), which nobody asked for", a->url);
    return a->status == 206 ? begin_rest(x, a, err) : begin_whole(x, a, err);
}

/* The first bytes of the file are there: looks at them, and puts them in place of what was there. */
static enum error_code fetch_start(struct fetch *x, struct error *err)
{
    const struct remote_watch *watch = &x->fetcher->options->watch;
    if (magic_check(x->file->name, x->head, x->n_head, x->source, err) != ERR_NONE)
        return err->code;
    if (x->part.size > 0)
        watch->note(watch->context, "the server sends the file from its beginning");
    if (part_restart(&x->part, err) != ERR_NONE || part_note(&x->part, x->validator, x->total, err) != ERR_NONE)
        return err->code;
    x->fresh = false;
    x->earlier = 0;
    return part_add(&x->part, x->head, x->n_head, err);
}

static enum error_code fetch_take(void *context, const void *bytes, size_t n, struct error *err)
{
    struct fetch *x = context;
    const char *from = bytes;
    if (x->fresh) {
        const size_t room = MAGIC_BYTES - x->n_head, take = n < room ? n : room;
        memcpy(x->head + x->n_head, from, take);
        x->n_head += take;
        from += take;
        n -= take;
        if (x->n_head < MAGIC_BYTES)
            return ERR_NONE;
        if (fetch_start(x, err) != ERR_NONE)
            return err->code;
    }
    const int64_t size = x->part.size + (int64_t)n;
    if (x->total >= 0 && size > x->total)
        return error_set(err, ERR_FORMAT, "%s: more than the %" PRId64 " bytes announced", x->source, x->total);
    if (x->total < 0 && size / ROOM_STEP != x->part.size / ROOM_STEP &&
        fetcher_check_room(x->folder, 0, err) != ERR_NONE)
        return err->code;
    return part_add(&x->part, from, n, err);
}

/* One request. ERR_BUSY and ERR_IO with *passing may be tried again. */
static enum error_code fetch_once(struct fetch *x, bool *passing, struct error *err)
{
    const struct remote_options *o = x->fetcher->options;
    const struct transfer_request request = {
        .url = x->file->url,
        .token = o->token,
        .token_for = o->hub,
        .from = x->part.size,
        .validator = x->part.origin.validator,
        .context = x,
        .begin = fetch_begin,
        .take = fetch_take,
        .tick = fetch_tick,
    };
    bool reached = false;
    x->fresh = false;
    x->retry_after = -1;
    const enum transfer_end end = transfer_run(x->fetcher->transfer, &request, &reached, err);
    *passing = (end == TRANSFER_BROKEN && (reached || x->fetcher->reached)) || err->code == ERR_BUSY;
    x->fetcher->reached |= reached;
    if (end == TRANSFER_ENDED && err->code == ERR_NONE) /* nothing is missing */
        return ERR_NONE;
    if (end == TRANSFER_WHOLE && x->fresh) /* a file shorter than MAGIC_BYTES */
        fetch_start(x, err);
    if (err->code == ERR_NONE && x->total >= 0 && x->part.size < x->total) {
        *passing = true;
        error_set(err, ERR_IO, "%s: broken off after %" PRId64 " of %" PRId64 " bytes", x->source, x->part.size,
                  x->total);
    }
    return err->code;
}

/* Requests until the part is whole. */
static enum error_code fetch_bytes(struct fetch *x, struct error *err)
{
    struct retry retry = {0};
    while (x->total < 0 || x->part.size < x->total || x->part.size == 0) {
        struct error why = {0};
        bool passing = false;
        const enum error_code code = fetch_once(x, &passing, &why);
        if (code == ERR_NONE)
            break;
        if (!passing)
            return error_set(err, code, "%s", why.message);
        const bool came = x->part.size > x->most;
        x->most = came ? x->part.size : x->most;
        if (retry_wait(&retry, &x->fetcher->options->watch, came, x->retry_after, why.message, err) != ERR_NONE)
            return err->code;
    }
    return ERR_NONE;
}

/* Takes the checksum of what an earlier run left. */
static enum error_code fetch_reread(struct fetch *x, struct error *err)
{
    int64_t at = 0;
    while (at < x->part.size) {
        const int64_t n = part_read(&x->part, at, READ_STEP, err);
        if (n < 0)
            return err->code;
        if (n == 0)
            break;
        at += n;
        if (!fetch_progress(x, at))
            return error_set(err, ERR_STOPPED, "stopped");
    }
    x->earlier = x->most = x->part.size;
    return ERR_NONE;
}

/* Compares the checksum, if there is one to compare it with. */
static enum error_code fetch_verify(struct fetch *x, struct error *err)
{
    char sum[DIGEST_TEXT];
    digest_end(x->part.digest, sum);
    if (!has_sum(x) || strcmp(sum, x->file->sum) == 0)
        return ERR_NONE;
    return error_set(err, ERR_CORRUPT,
                     "%s: has the checksum %s instead of %s; it is kept as %s.part, and the next try "
                     "begins anew",
                     x->file->name, sum, x->file->sum, x->file->name);
}

/* From what is there to a whole file with the right checksum. What an earlier run left may be at fault when it is wrong:
 * then once more from the beginning. */
static enum error_code fetch_whole(struct fetch *x, struct error *err)
{
    const struct remote_watch *watch = &x->fetcher->options->watch;
    struct error why = {0};
    if (fetch_reread(x, err) != ERR_NONE || fetch_bytes(x, err) != ERR_NONE)
        return err->code;
    if (fetch_verify(x, &why) == ERR_NONE)
        return ERR_NONE;
    if (x->earlier > 0) {
        watch->note(watch->context, "the checksum is wrong; what was there is dropped, and the file is fetched again");
        error_clear(&why);
        if (part_restart(&x->part, err) != ERR_NONE)
            return err->code;
        x->most = 0;
        if (fetch_bytes(x, err) != ERR_NONE)
            return err->code;
        fetch_verify(x, &why);
    }
    return why.code == ERR_NONE ? ERR_NONE : error_set(err, why.code, "%s", why.message);
}

/* ---- the whole of it -------------------------------------------------------------------------------------------- */

/* SHA-256 of an address, by which a part's notes know it. */
static enum error_code name_source(const char *url, char out[DIGEST_TEXT], struct error *err)
{
    struct digest *digest = digest_new(DIGEST_SHA256, 0, err);
    if (digest == NULL)
        return err->code;
    digest_add(digest, url, strlen(url));
    digest_end(digest, out);
    digest_free(digest);
    return ERR_NONE;
}

static enum error_code fetch_part(struct fetch *x, const char *target, bool alone, struct error *err)
{
    const struct remote_watch *watch = &x->fetcher->options->watch;
    char source[DIGEST_TEXT];
    if (name_source(x->file->url, source, err) != ERR_NONE ||
        part_open(&x->part, target, source, x->file->kind, x->file->size, err) != ERR_NONE)
        return err->code;
    if (x->total < 0)
        x->total = x->part.origin.total;
    watch->file(watch->context, x->file, x->part.size);
    enum error_code code = fetch_whole(x, err);
    if (code == ERR_NONE && alone)
        code = watch->check(watch->context, x->part.path, err);
    if (code == ERR_NONE)
        code = part_finish(&x->part, err);
    part_close(&x->part);
    return code;
}

enum error_code fetch_file(struct fetcher *f, const struct remote_file *file, const char *folder, bool alone,
                           struct error *err)
{
    struct fetch x = {.fetcher = f, .file = file, .folder = folder, .part.fd = -1, .total = file->size};
    struct stat st;
    char *target = name_join(folder, file->name);
    if (target == NULL)
        return error_memory(err);
    enum error_code code = lstat(target, &st) == 0 && stat(target, &st) == 0 ? present_check(f, file, target, err)
                                                                             : fetch_part(&x, target, alone, err);
    free(target);
    return code;
}
