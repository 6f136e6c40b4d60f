/* palaver serve: a model behind HTTP, with a line on standard error for each request. */
#include <config.h>

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/safe.h"
#include "app/terminal/signals.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/serve.h"

enum { KEY_MOST = 4096, REDRAW_MS = 250 };

/* Standard error, when it is a terminal: a line for each request that ended, and below them one line that is drawn again,
 * for those under way. */
struct watch {
    pthread_mutex_t lock; /* guards the terminal: requests end on threads of the server */
    bool shown;           /* the last line is there */
    double looked;        /* clock_seconds of the figures */
    struct serve_activity before;
};

static void erase_locked(struct watch *w)
{
    if (w->shown)
        fputs("\r\033[K", stderr);
    w->shown = false;
}

/* "12:03:44 POST /v1/completions 200  1532 tokens read (1490 kept), 24 written, 41.2 a second" */
static void print_note(void *context, const struct serve_note *n)
{
    struct watch *w = context;
    char when[16];
    struct buf line;
    const time_t now = time(NULL);
    struct tm day;
    strftime(when, sizeof when, "%H:%M:%S", localtime_r(&now, &day));
    buf_init(&line, 1 << 20);
    buf_printf(&line, "%s %s %s ", when, n->method, n->path);
    if (n->gone)
        buf_puts(&line, "client went away");
    else
        buf_printf(&line, "%u", n->status);
    if (n->prompt_tokens > 0)
        buf_printf(&line, "  %zu tokens read (%zu kept), %zu written", n->prompt_tokens, n->cached_tokens,
                   n->answer_tokens);
    if (n->answer_tokens > 1 && n->seconds > 0)
        buf_printf(&line, ", %.1f a second", (double)n->answer_tokens / n->seconds);
    buf_puts(&line, "\n");
    pthread_mutex_lock(&w->lock);
    erase_locked(w);
    safe_write(stderr, buf_text(&line), line.size);
    pthread_mutex_unlock(&w->lock);
    buf_free(&line);
}

/* ", 82.4 tokens a second written", unless it is 0. */
static void draw_rate(uint64_t tokens, double seconds, const char *what)
{
    if (tokens > 0)
        fprintf(stderr, ", %.1f tokens a second %s", (double)tokens / seconds, what);
}

/* "3 requests under way, 512.0 tokens a second read, 82.4 tokens a second written" */
static void draw_activity(struct watch *w, const struct serve *s)
{
    const struct serve_activity now = serve_look(s);
    const double at = clock_seconds(), seconds = at - w->looked;
    pthread_mutex_lock(&w->lock);
    erase_locked(w);
    if (now.requests > 0 && seconds > 0) {
        fprintf(stderr, "%zu request%s under way", now.requests, now.requests == 1 ? "" : "s");
        draw_rate(now.read - w->before.read, seconds, "read");
        draw_rate(now.written - w->before.written, seconds, "written");
        w->shown = true;
    }
    fflush(stderr);
    pthread_mutex_unlock(&w->lock);
    w->looked = at;
    w->before = now;
}

/* The key of the file, else of the variable; *key is malloc'ed or NULL. */
static enum error_code read_key(const struct options *o, char **key, struct error *err)
{
    const char *variable = getenv("PALAVER_API_KEY");
    struct buf text;
    *key = NULL;
    if (o->serving.key_file == NULL) {
        if (variable != NULL && *variable != '\0' && (*key = strdup(variable)) == NULL)
            return error_memory(err);
        return ERR_NONE;
    }
    buf_init(&text, KEY_MOST);
    if (input_read_file(o->serving.key_file, &text, err) == ERR_NONE) {
        const size_t size = strcspn(buf_text(&text), "\r\n");
        *key = size > 0 ? strndup(buf_text(&text), size) : NULL;
        if (*key == NULL)
            error_set(err, ERR_FORMAT, "%s: there is no key in its first line", o->serving.key_file);
    }
    buf_free(&text);
    return err->code;
}

/* Until Ctrl-C or a signal to end, which come by fd; what is under way is drawn meanwhile, unless w is NULL. */
static void wait_for_end(int fd, struct watch *w, const struct serve *s)
{
    struct signals came = {0};
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (!came.interrupt && came.end == 0) {
        poll(&wait, 1, w != NULL ? REDRAW_MS : -1);
        came = signals_take();
        if (w != NULL && !came.interrupt)
            draw_activity(w, s);
    }
}

static int run_server(const struct options *o, const struct model *model, const struct chat_template *t,
                      struct error *err)
{
    char name[256], *key;
    struct watch watch = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const bool watched = !o->quiet && isatty(STDERR_FILENO);
    int status = EXIT_ERROR;
    models_label(model_info(model)->path, name, sizeof name);
    if (read_key(o, &key, err) != ERR_NONE)
        return EXIT_ERROR;
    const struct serve_options options = {
        .host = o->serving.host,
        .port = (uint16_t)o->serving.port,
        .key = key,
        .name = name,
        .settings = o->sampling,
        .session = {.context = o->context,
                    .threads = o->threads,
                    .exact = o->exact,
                    .cache = (enum cache_type)o->cache_type},
        .speculate = (enum speculate)o->speculate,
        .parallel = o->serving.parallel,
        .note = watched ? print_note : NULL,
        .context = &watch,
    };
    const int fd = signals_open(false, err); /* before a program can learn the address, and stop the server again */
    struct serve *s = fd >= 0 ? serve_start(model, t, &options, err) : NULL;
    if (s != NULL) {
        printf("%s at http://%s:%u/v1\n", name, o->serving.host != NULL ? o->serving.host : "127.0.0.1",
               (unsigned)serve_port(s));
        fflush(stdout);
        wait_for_end(fd, watched ? &watch : NULL, s);
        status = EXIT_ANSWER;
    }
    if (fd >= 0)
        signals_close(); /* a second Ctrl-C ends the program at once */
    serve_stop(s);
    erase_locked(&watch);
    free(key);
    return status;
}

int serve_run(const struct options *o)
{
    struct error err = {0};
    int status = EXIT_ERROR;
    struct model *model = models_open(o, false, &err);
    const bool encoder = model != NULL && model_info(model)->encoder;
    struct chat_template *t = model != NULL && !encoder ? models_template(o, model, &err) : NULL;
    if (t != NULL || encoder)
        status = run_server(o, model, t, &err);
    template_free(t);
    model_free(model);
    return err.code == ERR_NONE ? status : report(&err);
}
