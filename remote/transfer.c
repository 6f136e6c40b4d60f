/* Transfer: by libcurl's multi interface, so that the caller is asked a few times a second whether to go on. */
#include <config.h>

#include "remote/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "remote/answer.h"
#include "remote/library.h"
#include "remote/url.h"

enum {
    HOPS_MOST = 10,       /* redirects */
    CONNECT_SECONDS = 30, /* until a connection stands */
    IDLE_SECONDS = 60,    /* without a byte */
    TICK = 200,           /* milliseconds */
};

struct transfer {
    const struct library *library;
    CURL *easy;
    CURLM *multi;
};

/* One request under way. */
struct run {
    const struct library *library;
    CURL *easy;
    const struct transfer_request *request;
    const char *url; /* of the present hop */
    struct answer answer;
    bool begun, reached;
    enum error_code ended; /* what begin or take said */
    struct error *err;
};

struct transfer *transfer_new(struct error *err)
{
    const struct library *library = library_load(err);
    struct transfer *t = library != NULL ? calloc(1, sizeof *t) : NULL;
    if (t == NULL) {
        error_memory(err);
        return NULL;
    }
    *t = (struct transfer){.library = library, .easy = library->easy_init(), .multi = library->multi_init()};
    if (t->easy != NULL && t->multi != NULL)
        return t;
    error_memory(err);
    transfer_free(t);
    return NULL;
}

void transfer_free(struct transfer *t)
{
    if (t == NULL)
        return;
    t->library->easy_cleanup(t->easy);
    t->library->multi_cleanup(t->multi);
    free(t);
}

/* libcurl gives one line at a time, of every answer, also of "100 Continue". */
static size_t take_header(char *line, size_t one, size_t n, void *context)
{
    struct run *r = context;
    (void)one;
    answer_take(&r->answer, line, n, r->url);
    return n;
}

/* ---- the body --------------------------------------------------------------------------------------------------- */

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Tells the caller of the headers, once. */
static enum error_code run_begin(struct run *r)
{
    if (r->begun)
        return ERR_NONE;
    r->begun = true;
    r->library->easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &r->answer.status);
    url_show(r->url, r->answer.url);
    curl_off_t seconds = 0;
    if (r->answer.retry_date && r->library->easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
        r->answer.retry_after = seconds > 0 ? seconds : 0;
    return is_redirect(r->answer.status) ? ERR_NONE : r->request->begin(r->request->context, &r->answer, r->err);
}

static size_t take_body(char *bytes, size_t one, size_t n, void *context)
{
    struct run *r = context;
    (void)one;
    r->ended = run_begin(r);
    if (is_redirect(r->answer.status))
        return 0; /* words for people, however many: libcurl need not read them */
    if (r->ended == ERR_NONE)
        r->ended = r->request->take(r->request->context, bytes, n, r->err);
    return r->ended == ERR_NONE ? n : 0;
}

/* ---- one hop ---------------------------------------------------------------------------------------------------- */

/* libcurl sends an authorization of its own for a user in the address; ours is for a token. NULL in *out when there is
 * nothing to send; false when out of memory. */
static bool headers_add(const struct library *library, struct curl_slist **list, const char *name, const char *value)
{
    const size_t size = strlen(name) + strlen(value) + 1;
    char *line = malloc(size);
    struct curl_slist *more = NULL;
    if (line != NULL) {
        snprintf(line, size, "%s%s", name, value);
        more = library->slist_append(*list, line);
        free(line);
    }
    if (more != NULL)
        *list = more;
    return more != NULL;
}

static bool run_headers(const struct run *r, struct curl_slist **list)
{
    const struct transfer_request *q = r->request;
    bool good = q->accept == NULL || headers_add(r->library, list, "Accept: ", q->accept);
    if (good && q->from > 0 && q->validator != NULL && q->validator[0] != '\0')
        good = headers_add(r->library, list, "If-Range: ", q->validator);
    if (good && q->token != NULL && url_same_origin(r->url, q->token_for) && url_is_private(r->url))
        good = headers_add(r->library, list, "Authorization: Bearer ", q->token);
    return good;
}

static void run_options(struct run *r, const struct curl_slist *headers, char *trouble)
{
    const struct library *l = r->library;
    CURL *easy = r->easy;
    char range[40];
    l->easy_reset(easy);
    l->easy_setopt(easy, CURLOPT_URL, r->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    l->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    l->easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    l->easy_setopt(easy, CURLOPT_USERAGENT, "palaver/" PACKAGE_VERSION);
    l->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    l->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    l->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    l->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)IDLE_SECONDS);
    l->easy_setopt(easy, CURLOPT_BUFFERSIZE, 1L << 18);
    l->easy_setopt(easy, CURLOPT_ERRORBUFFER, trouble);
    l->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    l->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    l->easy_setopt(easy, CURLOPT_HEADERDATA, r);
    l->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    l->easy_setopt(easy, CURLOPT_WRITEDATA, r);
    if (r->request->from > 0) {
        snprintf(range, sizeof range, "%" PRId64 "-", r->request->from);
        l->easy_setopt(easy, CURLOPT_RANGE, range);
    }
}

/* Whether a failed connection may work the next time. */
static bool is_passing(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    default: return false;
    }
}

/* Lets libcurl work until the hop is through. False: the caller stops it. */
static bool run_wait(struct transfer *t, const struct transfer_request *q, CURLcode *code)
{
    int running = 1, waiting;
    *code = CURLE_OK;
    while (running > 0) {
        if (!q->tick(q->context))
            return false;
        if (t->library->multi_perform(t->multi, &running) != CURLM_OK) {
            *code = CURLE_OUT_OF_MEMORY;
            return true;
        }
        if (running > 0)
            t->library->multi_poll(t->multi, NULL, 0, TICK, NULL);
    }
    for (struct CURLMsg *m; (m = t->library->multi_info_read(t->multi, &waiting)) != NULL;)
        if (m->msg == CURLMSG_DONE)
            *code = m->data.result;
    return true;
}

static enum transfer_end run_end(struct run *r, CURLcode code, const char *trouble)
{
    char shown[URL_SHOWN];
    if (r->ended == ERR_NONE && code == CURLE_OK)
        r->ended = run_begin(r); /* an answer without a body */
    if (r->ended != ERR_NONE)
        return TRANSFER_ENDED;
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && is_redirect(r->answer.status)))
        return TRANSFER_WHOLE;
    url_show(r->url, shown);
    error_set(r->err, ERR_IO, "%s: %s", shown, trouble[0] != '\0' ? trouble : r->library->easy_strerror(code));
    return is_passing(code) ? TRANSFER_BROKEN : TRANSFER_FAILED;
}

static enum transfer_end run_hop(struct transfer *t, struct run *r)
{
    struct curl_slist *headers = NULL;
    char trouble[CURL_ERROR_SIZE] = "";
    CURLcode code;
    enum transfer_end end = TRANSFER_FAILED;
    r->begun = false;
    if (!run_headers(r, &headers)) {
        error_memory(r->err);
        goto out;
    }
    run_options(r, headers, trouble);
    if (t->library->multi_add_handle(t->multi, t->easy) != CURLM_OK) {
        error_memory(r->err);
        goto out;
    }
    const bool went = run_wait(t, r->request, &code);
    long status = 0;
    t->library->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    r->reached |= status != 0;
    end = went ? run_end(r, code, trouble) : TRANSFER_STOPPED;
    if (!went)
        error_set(r->err, ERR_STOPPED, "stopped");
    t->library->multi_remove_handle(t->multi, t->easy);
out:
    t->library->slist_free_all(headers);
    return end;
}

/* ---- redirects -------------------------------------------------------------------------------------------------- */

/* The address that a redirect leads to, malloc'ed; NULL with err filled when it is not to be followed. */
static char *run_redirect(struct run *r)
{
    const char *to = r->answer.location;
    char from[URL_SHOWN], shown[URL_SHOWN];
    url_show(r->url, from);
    url_show(to != NULL ? to : "", shown);
    if (to == NULL)
        error_set(r->err, ERR_FORMAT, "%s: answers with a redirect (%ld) to nowhere", from, r->answer.status);
    else if (url_check(to, NULL) != ERR_NONE)
        error_set(r->err, ERR_FORMAT, "%s: redirects to %s; only http and https addresses are fetched", from, shown);
    else if (url_is_https(r->url) && !url_is_https(to))
        error_set(r->err, ERR_FORMAT, "%s: redirects to %s, which is not encrypted; refused", from, shown);
    else
        return strdup(to);
    return NULL;
}

enum transfer_end transfer_run(struct transfer *t, const struct transfer_request *request, bool *reached,
                               struct error *err)
{
    struct run r = {.library = t->library, .easy = t->easy, .request = request, .err = err};
    char *url = strdup(request->url), shown[URL_SHOWN];
    enum transfer_end end = TRANSFER_FAILED;
    int hops = 0;
    answer_reset(&r.answer);
    while (url != NULL) {
        r.url = url;
        end = run_hop(t, &r);
        if (end != TRANSFER_WHOLE || !is_redirect(r.answer.status))
            break;
        end = TRANSFER_FAILED;
        char *next = run_redirect(&r);
        free(url);
        url = next;
        if (url != NULL && ++hops > HOPS_MOST) {
            url_show(request->url, shown);
            error_set(err, ERR_FORMAT, "%s: more than %d redirects, one after another", shown, HOPS_MOST);
            break;
        }
    }
    if (url == NULL)
        error_memory(err); /* unless err says why it was not followed */
    *reached |= r.reached;
    answer_reset(&r.answer);
    free(url);
    return end;
}
