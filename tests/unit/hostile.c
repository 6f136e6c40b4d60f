/* Hostile: one connection at a time. */
#include "tests/unit/hostile.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "tests/cmocka.h"

enum { REPLIES_MOST = 16 };

struct hostile {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int listener, end[2]; /* end: a byte in it ends the thread */
    uint16_t port;
    struct hostile_reply replies[REPLIES_MOST];
    size_t n, next;
    bool resets; /* the last reply; the thread's own */
    int requests, closed;
    struct buf request;
    char **kept; /* (n_kept) the bytes of all replies: the thread may still send old ones */
    size_t n_kept;
};

/* Whether the client has something to say before the test ends. */
static bool wait_for(struct hostile *h, int fd)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = h->end[0], .events = POLLIN}};
    poll(fds, 2, -1);
    return fds[1].revents == 0;
}

/* Where the body of a request ends; 0 while it is not all there. */
static size_t whole_request(const struct buf *b)
{
    const char *text = buf_text(b), *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *length = strstr(text, "\r\nContent-Length:");
    const size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    const size_t all = (size_t)(end + 4 - text) + body;
    return b->size >= all ? all : 0;
}

/* False when the client closed, or the test ends. */
static bool read_request(struct hostile *h, int fd)
{
    char block[65536];
    struct buf b;
    buf_init(&b, (size_t)64 << 20);
    while (whole_request(&b) == 0) {
        const ssize_t n = wait_for(h, fd) ? recv(fd, block, sizeof block, 0) : 0;
        if (n <= 0) {
            buf_free(&b);
            return false;
        }
        buf_append(&b, block, (size_t)n);
    }
    pthread_mutex_lock(&h->lock);
    buf_free(&h->request);
    h->request = b;
    h->requests++;
    pthread_mutex_unlock(&h->lock);
    return true;
}

static bool send_bytes(int fd, const char *bytes, size_t size, size_t step)
{
    for (size_t at = 0; at < size;) {
        const size_t n = step > 0 && step < size - at ? step : size - at;
        const ssize_t sent = send(fd, bytes + at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

static struct hostile_reply next_reply(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    const struct hostile_reply r = h->replies[h->next];
    h->next += h->next + 1 < h->n;
    pthread_mutex_unlock(&h->lock);
    return r;
}

/* Whether the connection may serve another request. */
static bool send_reply(struct hostile *h, int fd)
{
    char rest[256];
    const struct hostile_reply r = next_reply(h);
    const size_t size = r.size;
    const bool keeps = strstr(r.bytes, "Content-Length:") != NULL && strstr(r.bytes, "onnection: close") == NULL;
    bool open = send_bytes(fd, r.bytes, size, r.step);
    while (open && r.repeats)
        open = send_bytes(fd, r.bytes + r.body, size - r.body, r.step);
    h->resets = r.resets;
    while (open && r.stays && wait_for(h, fd))
        open = recv(fd, rest, sizeof rest, 0) > 0;
    pthread_mutex_lock(&h->lock);
    h->closed += !open;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    return open && keeps;
}

static void serve_connection(struct hostile *h, int fd)
{
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    while (read_request(h, fd) && send_reply(h, fd))
        ;
    if (h->resets)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    else
        shutdown(fd, SHUT_WR);
    close(fd);
}

static void *serve(void *context)
{
    struct hostile *h = context;
    while (wait_for(h, h->listener)) {
        const int fd = accept(h->listener, NULL, NULL);
        if (fd < 0)
            break;
        serve_connection(h, fd);
    }
    return NULL;
}

struct hostile *hostile_start(void)
{
    struct hostile *h = calloc(1, sizeof *h);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_non_null(h);
    buf_init(&h->request, (size_t)64 << 20);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(h->listener, 8), 0);
    assert_int_equal(getsockname(h->listener, (struct sockaddr *)&address, &size), 0);
    h->port = ntohs(address.sin_port);
    assert_int_equal(pipe(h->end), 0);
    assert_int_equal(pthread_create(&h->thread, NULL, serve, h), 0);
    return h;
}

void hostile_stop(struct hostile *h)
{
    assert_int_equal(write(h->end[1], "", 1), 1);
    pthread_join(h->thread, NULL);
    close(h->listener);
    close(h->end[0]);
    close(h->end[1]);
    for (size_t i = 0; i < h->n_kept; i++)
        free(h->kept[i]);
    free(h->kept);
    buf_free(&h->request);
    free(h);
}

uint16_t hostile_port(const struct hostile *h)
{
    return h->port;
}

/* The reply with a copy of its bytes, NUL-terminated. */
static struct hostile_reply keep_reply(struct hostile *h, const struct hostile_reply *r)
{
    struct hostile_reply kept = *r;
    kept.size = r->size > 0 ? r->size : strlen(r->bytes);
    char *copy = malloc(kept.size + 1);
    char **more = realloc(h->kept, (h->n_kept + 1) * sizeof *more);
    assert_non_null(copy);
    assert_non_null(more);
    memcpy(copy, r->bytes, kept.size);
    copy[kept.size] = '\0';
    h->kept = more;
    h->kept[h->n_kept++] = copy;
    kept.bytes = copy;
    return kept;
}

void hostile_set(struct hostile *h, const struct hostile_reply *replies, size_t n)
{
    assert_true(n > 0 && n <= REPLIES_MOST);
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < n; i++)
        h->replies[i] = keep_reply(h, &replies[i]);
    h->n = n;
    h->next = 0;
    h->requests = h->closed = 0;
    pthread_mutex_unlock(&h->lock);
}

int hostile_requests(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    const int n = h->requests;
    pthread_mutex_unlock(&h->lock);
    return n;
}

void hostile_wait_closed(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    while (h->closed == 0)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

char *hostile_request(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    char *copy = strdup(buf_text(&h->request));
    pthread_mutex_unlock(&h->lock);
    return copy;
}
