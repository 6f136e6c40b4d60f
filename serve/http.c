/* Connections: who may ask, bodies, and what is sent back. */
#include <config.h>

#include "serve/http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/error.h"
#include "serve/exchange.h"
#include "serve/internal.h"
#include "serve/job.h"
#include "serve/mhd.h"
#include "serve/reply.h"
#include "serve/request.h"
#include "serve/routes.h"
#include "serve/work.h"

enum { THREADS = 4, PIECE = 16384 };

/* ---- answers ---------------------------------------------------------------------------------------------------- */

/* Queues a response and gives it up. */
static enum MHD_Result send_response(const struct serve *s, struct MHD_Connection *c, unsigned status, const char *type,
                                     struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    s->mhd->add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    s->mhd->add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        s->mhd->add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (status == MHD_HTTP_UNAUTHORIZED)
        s->mhd->add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    const enum MHD_Result queued = s->mhd->queue_response(c, status, response);
    s->mhd->destroy_response(response);
    return queued;
}

static enum MHD_Result send_json(const struct serve *s, struct exchange *e, struct MHD_Connection *c, unsigned status,
                                 const struct buf *body)
{
    exchange_set_status(e, status);
    return send_response(s, c, status, "application/json",
                         s->mhd->create_response_from_buffer(body->size, (void *)(uintptr_t)buf_text(body),
                                                             MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result send_refusal(const struct serve *s, struct exchange *e, struct MHD_Connection *c,
                                    unsigned status, const struct refusal *why)
{
    struct buf body;
    buf_init(&body, ANSWER_MOST);
    const unsigned usual = reply_refusal(why, &body);
    const enum MHD_Result sent = send_json(s, e, c, status != 0 ? status : usual, &body);
    buf_free(&body);
    return sent;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t size)
{
    (void)position;
    const long n = exchange_take(context, out, size);
    if (n == EXCHANGE_BROKEN)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return n == EXCHANGE_ENDED ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)n;
}

/* What the engine has left. */
static enum MHD_Result send_result(const struct serve *s, struct exchange *e, struct MHD_Connection *c)
{
    unsigned status;
    const struct buf *body;
    if (exchange_look(e, &status, &body) == EXCHANGE_DONE)
        return send_json(s, e, c, status, body);
    return send_response(s, c, MHD_HTTP_OK, "text/event-stream",
                         s->mhd->create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_stream, e, NULL));
}

/* ---- who may ask ------------------------------------------------------------------------------------------------ */

/* Equal, in a time that does not tell where they differ. */
static bool same_secret(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    unsigned char differ = n != m;
    for (size_t i = 0; i < n; i++)
        differ |= (unsigned char)(a[i] ^ b[m > 0 ? i % m : 0]);
    return differ == 0;
}

static bool has_key(const struct serve *s, struct MHD_Connection *c)
{
    static const char bearer[] = "Bearer ";
    const char *sent = s->mhd->lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (s->options.key == NULL)
        return true;
    if (sent == NULL || strncasecmp(sent, bearer, sizeof bearer - 1) != 0)
        return false;
    return same_secret(sent + sizeof bearer - 1, s->options.key);
}

/* Whether a host, with or without a port, is this machine's own name for itself. */
static bool is_own_host(const char *host)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const size_t n = strlen(own[i]);
        if (strncasecmp(host, own[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
            return true;
    }
    return false;
}

/* A page in a browser must not reach a server on its user's machine: neither by a name of its own that leads here, nor
 * from another site. */
static bool comes_from_here(const struct serve *s, struct MHD_Connection *c)
{
    const char *host = s->mhd->lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    const char *origin = s->mhd->lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
    if (origin != NULL) {
        const char *name = strstr(origin, "://");
        if (name == NULL || !is_own_host(name + 3))
            return false;
    }
    return !s->loopback || host == NULL || is_own_host(host);
}

static bool may_ask(const struct serve *s, struct MHD_Connection *c, const char *path, unsigned *status,
                    struct refusal *why)
{
    if (!comes_from_here(s, c)) {
        *status = MHD_HTTP_FORBIDDEN;
        return refuse(why, "", "requests by way of another host name or from another site are refused");
    }
    if (strcmp(path, "/health") != 0 && !has_key(s, c)) {
        *status = MHD_HTTP_UNAUTHORIZED;
        why->code = "invalid_api_key";
        return refuse(why, "", "the key is missing or wrong: send it as Authorization: Bearer KEY");
    }
    return true;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* Gives a request to the engine; the connection sleeps. */
static enum MHD_Result hand_over(struct serve *s, struct exchange *e, struct MHD_Connection *c, bool chat)
{
    const struct buf *body = exchange_body(e);
    struct request request;
    struct refusal why = {0};
    if (s->work == NULL) {
        refuse(&why, "model", "this model is an encoder: it makes embeddings, not text; ask /v1/embeddings");
        return send_refusal(s, e, c, 0, &why);
    }
    if (!request_read(s, buf_text(body), body->size, chat, &request, &why))
        return send_refusal(s, e, c, 0, &why);
    struct job *j = job_new(e, &request);
    if (j != NULL && work_submit(s->work, j)) {
        exchange_suspend(e);
        return MHD_YES;
    }
    job_free(j);
    refuse(&why, "", "too many requests wait already; try again later");
    return send_refusal(s, e, c, MHD_HTTP_SERVICE_UNAVAILABLE, &why);
}

static enum MHD_Result answer(struct serve *s, struct exchange *e, struct MHD_Connection *c)
{
    struct refusal why = {0};
    unsigned status = 0;
    if (!may_ask(s, c, exchange_path(e), &status, &why))
        return send_refusal(s, e, c, status, &why);
    if (exchange_too_large(e)) {
        refuse(&why, "", "the body has more than %d MB", BODY_MOST >> 20);
        return send_refusal(s, e, c, MHD_HTTP_CONTENT_TOO_LARGE, &why);
    }
    struct buf body;
    buf_init(&body, ANSWER_MOST);
    const enum route route = route_find(exchange_method(e), exchange_path(e));
    if (route == ROUTE_COMPLETIONS || route == ROUTE_CHAT)
        return hand_over(s, e, c, route == ROUTE_CHAT);
    status = route_answer(s, route, exchange_body(e), &body, &why);
    const enum MHD_Result sent = why.error.code != ERR_NONE ? send_refusal(s, e, c, status, &why)
                                                            : send_json(s, e, c, status, &body);
    buf_free(&body);
    return sent;
}

/* Called when the headers are there, for each piece of the body, at its end, and when a sleeping connection wakes. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *bytes, size_t *size, void **state)
{
    struct serve *s = context;
    struct exchange *e = *state;
    (void)version;
    if (e == NULL) {
        *state = exchange_new(s, c, method, path);
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        exchange_receive(e, bytes, *size);
        *size = 0;
        return MHD_YES;
    }
    return exchange_is_handed_over(e) ? send_result(s, e, c) : answer(s, e, c);
}

static void on_end(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
    struct exchange *e = *state;
    (void)context;
    (void)c;
    (void)how;
    if (e == NULL)
        return;
    exchange_gone(e);
    exchange_release(e);
    *state = NULL;
}

/* ---- listening -------------------------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24) == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* A listening socket on the first address of the host that takes one; -1 with err filled. */
static int listen_on(struct serve *s, struct error *err)
{
    const char *host = s->options.host != NULL ? s->options.host : "127.0.0.1";
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8];
    int fd = -1, reason = 0;
    snprintf(port, sizeof port, "%u", (unsigned)s->options.port);
    const int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0) {
        error_set(err, ERR_ARGUMENT, "%s is no address of this machine: %s", host, gai_strerror(code));
        return -1;
    }
    for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        const int yes = 1;
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
                        bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0)) {
            reason = errno;
            close(fd);
            fd = -1;
        }
        s->loopback = is_loopback(a->ai_addr);
    }
    freeaddrinfo(found);
    if (fd < 0)
        error_system(err, ERR_IO, reason, "can't listen on %s port %s; choose another with --port", host, port);
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size) != 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
                                         : ((struct sockaddr_in *)(void *)&a)->sin_port);
}

bool http_start(struct serve *s, struct error *err)
{
    s->mhd = mhd_load(err);
    const int fd = s->mhd != NULL ? listen_on(s, err) : -1;
    if (fd < 0)
        return false;
    s->listener = fd;
    s->port = port_of(fd);
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    s->daemon = s->mhd->start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
                                     MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT,
                                     (unsigned)CONNECTIONS_MOST, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    if (s->daemon != NULL)
        return true;
    error_set(err, ERR_MEMORY, "the server's threads can't be started");
    return false;
}

void http_refuse_new(struct serve *s)
{
    if (s->daemon != NULL)
        s->mhd->quiesce_daemon(s->daemon);
}

void http_stop(struct serve *s)
{
    if (s->daemon != NULL)
        s->mhd->stop_daemon(s->daemon);
    if (s->listener >= 0)
        close(s->listener);
    s->daemon = NULL;
    s->listener = -1;
}
