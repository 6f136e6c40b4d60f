/* Wire: libcurl's multi_socket interface over epoll. */
#include <config.h>

#include "remote/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "remote/answer.h"
#include "remote/library.h"
#include "remote/url.h"

enum {
    HOPS_MOST = 5,        /* redirects */
    CONNECT_SECONDS = 10, /* until a connection stands */
    READY_MOST = 8,       /* sockets that are served in one step */
};

struct wire {
    const struct library *library;
    struct wire_taker taker;
    const char *ca;
    int epoll, timer, watched;             /* watched: -1 for none */
    int64_t curl_due, alarm_due, idle_due; /* clock_milliseconds; INT64_MAX: never */
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    /* the request */
    bool busy, ended_by_taker, is_idle;
    char *url, *body, *key;
    size_t size;
    int32_t idle; /* seconds */
    int hops;
    struct answer answer;
    bool html;
    char trouble[CURL_ERROR_SIZE];
};

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void arm_timer(struct wire *w)
{
    int64_t due = w->curl_due < w->alarm_due ? w->curl_due : w->alarm_due;
    due = w->idle_due < due ? w->idle_due : due;
    struct itimerspec when = {0}; /* disarmed */
    if (due != INT64_MAX) {
        const int64_t left = due - clock_milliseconds();
        when.it_value.tv_sec = left > 0 ? (time_t)(left / 1000) : 0;
        when.it_value.tv_nsec = left > 0 ? (long)(left % 1000) * 1000000 : 0;
        when.it_value.tv_nsec += left <= 0; /* zero would disarm it */
    }
    timerfd_settime(w->timer, 0, &when, NULL);
}

static int take_timer(CURLM *multi, long milliseconds, void *context)
{
    struct wire *w = context;
    (void)multi;
    w->curl_due = milliseconds >= 0 ? clock_milliseconds() + milliseconds : INT64_MAX;
    arm_timer(w);
    return 0;
}

static int take_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *of_socket)
{
    struct wire *w = context;
    struct epoll_event wanted = {.data.fd = socket};
    (void)easy;
    (void)of_socket;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    wanted.events = (what != CURL_POLL_OUT ? EPOLLIN : 0) | (what != CURL_POLL_IN ? EPOLLOUT : 0);
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, socket, &wanted) != 0 && errno == EEXIST)
        epoll_ctl(w->epoll, EPOLL_CTL_MOD, socket, &wanted);
    return 0;
}

void wire_alarm(struct wire *w, int64_t milliseconds)
{
    w->alarm_due = milliseconds >= 0 ? clock_milliseconds() + milliseconds : INT64_MAX;
    arm_timer(w);
}

enum error_code wire_watch(struct wire *w, int fd, struct error *err)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    if (w->watched >= 0)
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->watched, NULL);
    w->watched = fd;
    if (fd >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &wanted) != 0)
        return error_system(err, ERR_IO, errno, "cannot wait for a command");
    return ERR_NONE;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum error_code open_descriptors(struct wire *w, struct error *err)
{
    struct epoll_event wanted = {.events = EPOLLIN};
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    wanted.data.fd = w->timer;
    if (w->epoll < 0 || w->timer < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->timer, &wanted) != 0)
        return error_system(err, ERR_IO, errno, "cannot wait for the network");
    return ERR_NONE;
}

struct wire *wire_new(const struct wire_taker *taker, const char *ca, struct error *err)
{
    const struct library *library = library_load(err);
    struct wire *w = library != NULL ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) {
        error_memory(err);
        return NULL;
    }
    *w = (struct wire){.library = library, .taker = *taker, .ca = ca, .epoll = -1, .timer = -1, .watched = -1};
    w->curl_due = w->alarm_due = w->idle_due = INT64_MAX;
    w->multi = library->multi_init();
    w->easy = library->easy_init();
    if (w->multi == NULL || w->easy == NULL)
        error_memory(err);
    else if (open_descriptors(w, err) == ERR_NONE) {
        library->multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, take_socket);
        library->multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
        library->multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, take_timer);
        library->multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
        return w;
    }
    wire_free(w);
    return NULL;
}

/* A key is not left in memory that others may get. */
static void free_secret(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Forgets the request. */
static void drop_request(struct wire *w)
{
    if (w->busy)
        w->library->multi_remove_handle(w->multi, w->easy);
    w->busy = false;
    w->idle_due = INT64_MAX;
    for (struct curl_slist *h = w->headers; h != NULL; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    w->library->slist_free_all(w->headers);
    w->headers = NULL;
    free(w->url);
    free(w->body);
    free_secret(w->key);
    w->url = w->body = w->key = NULL;
    answer_reset(&w->answer);
}

void wire_free(struct wire *w)
{
    if (w == NULL)
        return;
    drop_request(w);
    w->library->easy_cleanup(w->easy);
    w->library->multi_cleanup(w->multi);
    if (w->timer >= 0)
        close(w->timer);
    if (w->epoll >= 0)
        close(w->epoll);
    free(w);
}

int wire_fd(const struct wire *w)
{
    return w->epoll;
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void came_something(struct wire *w)
{
    w->idle_due = w->idle > 0 ? clock_milliseconds() + (int64_t)w->idle * 1000 : INT64_MAX;
    arm_timer(w);
}

static size_t take_header(char *line, size_t one, size_t n, void *context)
{
    struct wire *w = context;
    static const char type[] = "content-type:";
    (void)one;
    came_something(w);
    answer_take(&w->answer, line, n, w->url);
    if (n > sizeof type && strncasecmp(line, type, sizeof type - 1) == 0) {
        char value[40] = "";
        snprintf(value, sizeof value, "%.*s", (int)(n - sizeof type), line + sizeof type);
        w->html = strstr(value, "html") != NULL;
    }
    return n;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static size_t take_body(char *bytes, size_t one, size_t n, void *context)
{
    struct wire *w = context;
    long status = 0;
    (void)one;
    came_something(w);
    w->library->easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_redirect(status) || w->taker.take(w->taker.context, status, bytes, n))
        return n;
    w->ended_by_taker = true;
    return 0;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static bool add_header(struct wire *w, const char *name, const char *value)
{
    const size_t size = strlen(name) + strlen(value) + 1;
    char *line = malloc(size);
    if (line == NULL)
        return false;
    snprintf(line, size, "%s%s", name, value);
    struct curl_slist *more = w->library->slist_append(w->headers, line);
    free_secret(line);
    if (more != NULL)
        w->headers = more;
    return more != NULL;
}

/* "Expect:" keeps libcurl from asking whether a long prompt is welcome, which some servers never answer. */
static bool add_headers(struct wire *w)
{
    return w->headers != NULL ||
           ((w->body == NULL ||
             (add_header(w, "Content-Type: ", "application/json") && add_header(w, "Expect:", ""))) &&
            add_header(w, "Accept: ", w->body != NULL ? "text/event-stream, application/json" : "application/json") &&
            (w->key == NULL || add_header(w, "Authorization: Bearer ", w->key)));
}

/* libcurl keeps SIGPIPE from the process unless it is told not to. A proxy is for other machines. "identity" asks for no compression, which would hold tokens back, and libcurl still
 * undoes what comes compressed. */
static void set_options(struct wire *w)
{
    const struct library *l = w->library;
    l->easy_reset(w->easy);
    l->easy_setopt(w->easy, CURLOPT_URL, w->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    l->easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    l->easy_setopt(w->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    l->easy_setopt(w->easy, CURLOPT_USERAGENT, "palaver/" PACKAGE_VERSION);
    l->easy_setopt(w->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    l->easy_setopt(w->easy, CURLOPT_TCP_NODELAY, 1L);
    l->easy_setopt(w->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    l->easy_setopt(w->easy, CURLOPT_ACCEPT_ENCODING, "identity");
    l->easy_setopt(w->easy, CURLOPT_ERRORBUFFER, w->trouble);
    l->easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->headers);
    l->easy_setopt(w->easy, CURLOPT_HEADERFUNCTION, take_header);
    l->easy_setopt(w->easy, CURLOPT_HEADERDATA, w);
    l->easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, take_body);
    l->easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
    if (w->ca != NULL)
        l->easy_setopt(w->easy, CURLOPT_CAINFO, w->ca);
    if (url_is_private(w->url) && !url_is_https(w->url))
        l->easy_setopt(w->easy, CURLOPT_NOPROXY, "*");
    if (w->body != NULL) {
        l->easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->size);
        l->easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->body);
    }
}

static enum error_code send_hop(struct wire *w, struct error *err)
{
    w->trouble[0] = '\0';
    w->ended_by_taker = w->is_idle = w->html = false;
    answer_reset(&w->answer);
    if (!add_headers(w))
        return error_memory(err);
    set_options(w);
    if (w->library->multi_add_handle(w->multi, w->easy) != CURLM_OK)
        return error_memory(err);
    w->busy = true;
    came_something(w);
    return ERR_NONE;
}

enum error_code wire_send(struct wire *w, const struct wire_request *q, struct error *err)
{
    drop_request(w);
    w->url = strdup(q->url);
    w->key = q->key != NULL ? strdup(q->key) : NULL;
    w->body = q->body != NULL ? malloc(q->size + 1) : NULL;
    w->size = q->size;
    w->idle = q->idle;
    w->hops = 0;
    if (w->url == NULL || (q->key != NULL && w->key == NULL) || (q->body != NULL && w->body == NULL))
        error_memory(err);
    else {
        if (q->body != NULL)
            memcpy(w->body, q->body, q->size);
        send_hop(w, err);
    }
    if (err->code != ERR_NONE)
        drop_request(w);
    return err->code;
}

void wire_cancel(struct wire *w)
{
    drop_request(w);
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

static enum wire_trouble trouble_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK: return WIRE_GOOD;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT: /* there is none but the one of connecting */
    case CURLE_COULDNT_CONNECT: return WIRE_REFUSED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED: return WIRE_TLS;
    default: return WIRE_BROKEN;
    }
}

/* Whether a redirect stays with the host; then it is sent there. */
static bool follow_redirect(struct wire *w, struct wire_end *end)
{
    struct error ignored = {0}; /* then the redirect is the answer */
    if (!is_redirect(end->status) || w->answer.location == NULL)
        return false;
    if (!url_same_origin(w->url, w->answer.location)) {
        char shown[URL_SHOWN];
        url_show(w->answer.location, shown);
        snprintf(end->words, sizeof end->words, "%s", shown);
        end->trouble = WIRE_ELSEWHERE;
        return false;
    }
    char *next = strdup(w->answer.location);
    if (next == NULL || ++w->hops > HOPS_MOST) {
        free(next);
        return false;
    }
    free(w->url);
    w->url = next;
    return send_hop(w, &ignored) == ERR_NONE;
}

static void end_request(struct wire *w, CURLcode code)
{
    struct wire_end end = {.retry_after = -1, .html = w->html};
    curl_off_t seconds = 0;
    w->library->easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &end.status);
    if (end.status == 429 || end.status == 503) {
        if (w->answer.retry_after >= 0)
            end.retry_after = w->answer.retry_after;
        else if (w->answer.retry_date && w->library->easy_getinfo(w->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
            end.retry_after = seconds > 0 ? seconds : 0;
    }
    end.trouble = w->ended_by_taker ? WIRE_GOOD : w->is_idle ? WIRE_IDLE : trouble_of(code);
    if (end.trouble != WIRE_GOOD && !w->is_idle)
        snprintf(end.words, sizeof end.words, "%s", *w->trouble != '\0' ? w->trouble : w->library->easy_strerror(code));
    w->library->multi_remove_handle(w->multi, w->easy);
    w->busy = false;
    if (end.trouble == WIRE_GOOD && follow_redirect(w, &end))
        return;
    drop_request(w);
    w->taker.end(w->taker.context, &end);
}

static void take_ends(struct wire *w)
{
    int waiting;
    for (struct CURLMsg *m; w->busy && (m = w->library->multi_info_read(w->multi, &waiting)) != NULL;)
        if (m->msg == CURLMSG_DONE)
            end_request(w, m->data.result);
}

/* ---- a step ----------------------------------------------------------------------------------------------------- */

static void step_socket(struct wire *w, const struct epoll_event *ready)
{
    int running, mask = 0;
    mask |= (ready->events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
    mask |= (ready->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    mask |= (ready->events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0;
    w->library->multi_socket_action(w->multi, ready->data.fd, mask, &running);
}

static void step_timer(struct wire *w)
{
    int running;
    uint64_t times;
    const int64_t now = clock_milliseconds();
    if (read(w->timer, &times, sizeof times) < 0 && errno != EAGAIN)
        return;
    if (w->curl_due <= now) {
        w->curl_due = INT64_MAX;
        w->library->multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    if (w->busy && w->idle_due <= now) {
        w->is_idle = true;
        end_request(w, CURLE_OK);
    }
    if (w->alarm_due <= now) {
        w->alarm_due = INT64_MAX;
        w->taker.alarm(w->taker.context);
    }
    arm_timer(w);
}

void wire_step(struct wire *w)
{
    struct epoll_event ready[READY_MOST];
    const int n = epoll_wait(w->epoll, ready, READY_MOST, 0);
    for (int i = 0; i < n; i++) {
        if (ready[i].data.fd == w->timer)
            step_timer(w);
        else if (ready[i].data.fd == w->watched)
            w->taker.ready(w->taker.context);
        else
            step_socket(w, &ready[i]);
    }
    take_ends(w);
}
