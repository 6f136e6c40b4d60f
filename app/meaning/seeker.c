/* Seeker: the newest query is answered at once by what the vectors say; when no other came for a moment, the sentences that
 * are likest to it are found for the hits that a screen shows. */
#include <config.h>

#include "app/meaning/seeker.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "app/meaning/seek.h"
#include "base/clock.h"

enum {
    HITS = 40,    /* of an answer */
    SETTLED = 24, /* whose sentences are found: more than a screen shows */
    SETTLED_AT_ONCE = 6,
    PAUSE_MS = 150,   /* after the last letter */
    THREADS_MOST = 4, /* a query is short: more would wait for each other */
};

struct seeker {
    struct shared *shared;
    pthread_t thread;
    int wake;             /* eventfd: an answer is there */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t asked;
    bool quit;
    char *query;     /* to be answered; NULL: none */
    unsigned number; /* of the last one */
    struct meaning_hits answer;
    unsigned answered; /* the number of the answer */
    bool is_answer, is_last;
};

/* ---- between the threads ---------------------------------------------------------------------------------------- */

/* The next query, malloc'ed, waiting for it at most so many milliseconds (negative: without end); NULL when none came or
 * the thread has to end. */
static char *next_query(struct seeker *s, int milliseconds, unsigned *number, bool *quit)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const long long nanoseconds = until.tv_nsec + milliseconds * 1000000LL;
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_mutex_lock(&s->lock);
    int waited = 0;
    while (!s->quit && s->query == NULL && waited == 0)
        waited = milliseconds < 0 ? pthread_cond_wait(&s->asked, &s->lock)
                                  : pthread_cond_timedwait(&s->asked, &s->lock, &until);
    char *query = s->quit ? NULL : s->query;
    if (query != NULL)
        s->query = NULL;
    *number = s->number;
    *quit = s->quit;
    pthread_mutex_unlock(&s->lock);
    return query;
}

static bool nothing_new(void *context)
{
    struct seeker *s = context;
    pthread_mutex_lock(&s->lock);
    const bool nothing = !s->quit && s->query == NULL;
    pthread_mutex_unlock(&s->lock);
    return nothing;
}

static void tell_answer(struct seeker *s, const struct meaning_hits *hits, unsigned number, bool last)
{
    struct meaning_hits copy;
    if (!meaning_hits_copy(hits, &copy))
        return;
    pthread_mutex_lock(&s->lock);
    meaning_hits_free(&s->answer);
    s->answer = copy;
    s->answered = number;
    s->is_answer = true;
    s->is_last = last;
    pthread_mutex_unlock(&s->lock);
    eventfd_write(s->wake, 1);
}

unsigned seeker_ask(struct seeker *s, const char *query)
{
    char *copy = strdup(query); /* NULL: there is no memory, and no answer */
    pthread_mutex_lock(&s->lock);
    free(s->query);
    s->query = copy;
    const unsigned number = ++s->number;
    pthread_cond_signal(&s->asked);
    pthread_mutex_unlock(&s->lock);
    return number;
}

int seeker_fd(const struct seeker *s)
{
    return s->wake;
}

/* Takes the answer if it is to this question, or, for 0, to any; last: only one that no other follows. */
static bool take_answer(struct seeker *s, unsigned wanted, bool last, struct meaning_hits *out, unsigned *number)
{
    pthread_mutex_lock(&s->lock);
    const bool there = s->is_answer && (wanted == 0 || s->answered == wanted) && (!last || s->is_last);
    if (there) {
        *out = s->answer;
        *number = s->answered;
        s->answer = (struct meaning_hits){0};
        s->is_answer = false;
    }
    pthread_mutex_unlock(&s->lock);
    return there;
}

bool seeker_take(struct seeker *s, struct meaning_hits *out, unsigned *number)
{
    eventfd_t count;
    eventfd_read(s->wake, &count);
    return take_answer(s, 0, false, out, number);
}

bool seeker_wait(struct seeker *s, unsigned number, int milliseconds, struct meaning_hits *out)
{
    const int64_t until = clock_milliseconds() + milliseconds;
    for (int64_t left; !take_answer(s, number, true, out, &number);) {
        eventfd_t count;
        struct pollfd fd = {.fd = s->wake, .events = POLLIN};
        left = until - clock_milliseconds();
        if (left <= 0)
            return take_answer(s, number, false, out, &number);
        if (poll(&fd, 1, (int)left) > 0)
            eventfd_read(s->wake, &count);
    }
    return true;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

/* Opens what was not there before; NULL while it is not. */
static struct seek *open_seek(struct seeker *s, struct seek *seek)
{
    struct error err = {0};
    if (seek != NULL || access(s->shared->history, F_OK) != 0)
        return seek;
    const struct model *model = shared_model(s->shared, &err);
    const int32_t threads = s->shared->options->threads, cores = engine_cores();
    const int32_t wanted = threads > 0 && threads < cores ? threads : cores;
    return model != NULL ? seek_open(s->shared->history, s->shared->file, model,
                                     wanted < THREADS_MOST ? wanted : THREADS_MOST, &err)
                         : NULL;
}

/* Finds the likest sentences of the hits that a screen shows, unless another question comes. */
static void settle_hits(struct seeker *s, struct seek *seek, struct meaning_hits *hits, unsigned number)
{
    struct error err = {0};
    const size_t most = hits->n < SETTLED ? hits->n : SETTLED;
    for (size_t i = 0; i < most && nothing_new(s); i++) {
        seek_settle(seek, &hits->at[i], nothing_new, s, &err);
        err = (struct error){0}; /* a message that is gone by now stays as it was found */
        if ((i + 1) % SETTLED_AT_ONCE == 0 && i + 1 < most)
            tell_answer(s, hits, number, false);
    }
    if (nothing_new(s))
        tell_answer(s, hits, number, true);
}

/* Answers a query; the next one if it came before the end, else NULL. */
static char *answer_query(struct seeker *s, struct seek *seek, const char *query, unsigned *number, bool *quit)
{
    struct error err = {0};
    struct meaning_hits hits = {0};
    if (seek != NULL)
        seek_find(seek, query, true, HITS, &hits, &err); /* a failure finds nothing: words are there all the same */
    tell_answer(s, &hits, *number, hits.n == 0);
    unsigned next = *number;
    char *other = hits.n > 0 ? next_query(s, PAUSE_MS, &next, quit) : NULL;
    if (other == NULL && hits.n > 0 && !*quit)
        settle_hits(s, seek, &hits, *number);
    *number = next;
    meaning_hits_free(&hits);
    return other;
}

static void *seeker_run(void *context)
{
    struct seeker *s = context;
    struct seek *seek = NULL;
    bool quit = false;
    unsigned number;
    for (char *query = NULL; !quit;) {
        if (query == NULL)
            query = next_query(s, -1, &number, &quit);
        if (query == NULL)
            continue;
        seek = open_seek(s, seek);
        char *next = *query != '\0' ? answer_query(s, seek, query, &number, &quit) : NULL;
        free(query);
        query = next;
    }
    seek_free(seek);
    return NULL;
}

struct seeker *seeker_start(struct shared *shared, struct error *err)
{
    pthread_condattr_t attributes;
    struct seeker *s = calloc(1, sizeof *s);
    if (s == NULL || (s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        error_memory(err);
        free(s);
        return NULL;
    }
    s->shared = shared;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->asked, &attributes);
    pthread_condattr_destroy(&attributes);
    const int code = pthread_create(&s->thread, NULL, seeker_run, s);
    if (code == 0)
        return s;
    error_system(err, ERR_MEMORY, code, "no thread can be started");
    pthread_cond_destroy(&s->asked);
    pthread_mutex_destroy(&s->lock);
    close(s->wake);
    free(s);
    return NULL;
}

void seeker_free(struct seeker *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_signal(&s->asked);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->asked);
    pthread_mutex_destroy(&s->lock);
    close(s->wake);
    meaning_hits_free(&s->answer);
    free(s->query);
    free(s);
}
