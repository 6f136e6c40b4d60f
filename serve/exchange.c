/* An exchange. While its connection sleeps libmicrohttpd does not look at the socket, so the engine does: a client that
 * has closed its end is gone. The socket cannot be closed meanwhile, because the lock is held and the connection sleeps. */
#include <config.h>

#include "serve/exchange.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "serve/internal.h"
#include "serve/mhd.h"

struct exchange {
    struct serve *serve;
    struct MHD_Connection *connection; /* the connection's thread; the engine's only while it sleeps */
    char *method, *path;
    struct buf body;
    bool too_large, handed_over;

    pthread_mutex_t lock; /* guards all below */
    int holders;
    bool sleeps; /* the connection is suspended */
    bool gone;
    enum exchange_state state;
    unsigned status;
    bool ended; /* nothing follows what stands in out */
    struct buf out;
    size_t sent; /* bytes of out */
    struct serve_note note;
    double started;
};

struct exchange *exchange_new(struct serve *s, struct MHD_Connection *connection, const char *method, const char *path)
{
    struct exchange *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct exchange){.serve = s, .connection = connection, .holders = 1, .started = clock_seconds()};
    e->method = strdup(method);
    e->path = strdup(path);
    buf_init(&e->body, BODY_MOST);
    buf_init(&e->out, ANSWER_MOST);
    pthread_mutex_init(&e->lock, NULL);
    if (e->method != NULL && e->path != NULL)
        return e;
    exchange_release(e);
    return NULL;
}

void exchange_hold(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    e->holders++;
    pthread_mutex_unlock(&e->lock);
}

/* The last one tells what became of the request. */
static void tell_note(struct exchange *e)
{
    const struct serve_options *o = &e->serve->options;
    if (o->note == NULL || e->method == NULL || e->path == NULL)
        return;
    e->note.method = e->method;
    e->note.path = e->path;
    e->note.status = e->status;
    e->note.gone = e->gone;
    e->note.seconds = clock_seconds() - e->started;
    pthread_mutex_lock(&e->serve->noting);
    o->note(o->context, &e->note);
    pthread_mutex_unlock(&e->serve->noting);
}

void exchange_release(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    const bool last = --e->holders == 0;
    pthread_mutex_unlock(&e->lock);
    if (!last)
        return;
    tell_note(e);
    pthread_mutex_destroy(&e->lock);
    buf_free(&e->body);
    buf_free(&e->out);
    free(e->method);
    free(e->path);
    free(e);
}

/* ---- the connection's thread ------------------------------------------------------------------------------------ */

bool exchange_receive(struct exchange *e, const char *bytes, size_t size)
{
    if (!e->too_large && !buf_append(&e->body, bytes, size)) {
        e->too_large = true;
        buf_free(&e->body);
    }
    return !e->too_large;
}

bool exchange_too_large(const struct exchange *e)
{
    return e->too_large;
}

const struct buf *exchange_body(const struct exchange *e)
{
    return &e->body;
}

const char *exchange_method(const struct exchange *e)
{
    return e->method;
}

const char *exchange_path(const struct exchange *e)
{
    return e->path;
}

bool exchange_is_handed_over(const struct exchange *e)
{
    return e->handed_over;
}

static void sleep_locked(struct exchange *e)
{
    e->sleeps = true;
    e->serve->mhd->suspend_connection(e->connection);
}

void exchange_suspend(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    e->handed_over = true;
    if (e->state == EXCHANGE_WAITS)
        sleep_locked(e);
    pthread_mutex_unlock(&e->lock);
}

enum exchange_state exchange_look(struct exchange *e, unsigned *status, const struct buf **body)
{
    pthread_mutex_lock(&e->lock);
    const enum exchange_state state = e->state;
    *status = e->status;
    *body = &e->out;
    pthread_mutex_unlock(&e->lock);
    return state;
}

/* Bytes that were sent are dropped when they are most of all, so that each is moved once at most. */
static void drop_sent(struct exchange *e)
{
    if (e->sent < e->out.size - e->sent)
        return;
    buf_drop(&e->out, e->sent);
    e->sent = 0;
}

long exchange_take(struct exchange *e, char *out, size_t size)
{
    pthread_mutex_lock(&e->lock);
    if (e->gone) {
        pthread_mutex_unlock(&e->lock);
        return EXCHANGE_BROKEN;
    }
    const size_t left = e->out.size - e->sent, n = left < size ? left : size;
    const bool end = n == 0 && (e->ended || buf_failed(&e->out));
    memcpy(out, buf_text(&e->out) + e->sent, n);
    e->sent += n;
    drop_sent(e);
    if (n == 0 && !end)
        sleep_locked(e);
    pthread_mutex_unlock(&e->lock);
    return end ? EXCHANGE_ENDED : (long)n;
}

void exchange_gone(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    e->gone = e->gone || (e->handed_over && !e->ended);
    e->sleeps = false;
    pthread_mutex_unlock(&e->lock);
}

/* ---- the engine's thread ---------------------------------------------------------------------------------------- */

static void wake_locked(struct exchange *e)
{
    if (!e->sleeps)
        return;
    e->sleeps = false;
    e->serve->mhd->resume_connection(e->connection);
}

/* Whether the other end has closed the socket: it can be read, and there is nothing. */
static bool is_closed_locked(const struct exchange *e)
{
    const union MHD_ConnectionInfo *info =
        e->sleeps ? e->serve->mhd->get_connection_info(e->connection, MHD_CONNECTION_INFO_CONNECTION_FD) : NULL;
    char byte;
    if (info == NULL)
        return false;
    const ssize_t n = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool exchange_is_gone(struct exchange *e)
{
    pthread_mutex_lock(&e->lock);
    e->gone = e->gone || is_closed_locked(e);
    const bool gone = e->gone;
    pthread_mutex_unlock(&e->lock);
    return gone;
}

void exchange_write(struct exchange *e, const char *bytes, size_t size)
{
    pthread_mutex_lock(&e->lock);
    e->state = EXCHANGE_STREAM;
    e->status = MHD_HTTP_OK;
    buf_append(&e->out, bytes, size);
    if (e->out.size - e->sent > UNREAD_MOST) {
        e->gone = true;
        buf_free(&e->out);
        e->sent = 0;
    }
    wake_locked(e);
    pthread_mutex_unlock(&e->lock);
}

void exchange_finish(struct exchange *e, unsigned status, const char *body, size_t size)
{
    pthread_mutex_lock(&e->lock);
    if (e->state != EXCHANGE_STREAM) {
        e->state = EXCHANGE_DONE;
        e->status = status;
    }
    buf_append(&e->out, body, size);
    e->ended = true;
    wake_locked(e);
    pthread_mutex_unlock(&e->lock);
}

/* ---- the note --------------------------------------------------------------------------------------------------- */

void exchange_count(struct exchange *e, size_t prompt, size_t cached, size_t answer)
{
    pthread_mutex_lock(&e->lock);
    e->note.prompt_tokens = prompt;
    e->note.cached_tokens = cached;
    e->note.answer_tokens = answer;
    pthread_mutex_unlock(&e->lock);
}

void exchange_set_status(struct exchange *e, unsigned status)
{
    pthread_mutex_lock(&e->lock);
    e->status = status;
    pthread_mutex_unlock(&e->lock);
}
