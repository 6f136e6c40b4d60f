/* What a program that starts anew waits for: `make bench/opening && bench/opening MODEL [TOKENS [THREADS [ROUNDS]]]`.
 *
 * A conversation of so many tokens (2000) is saved by one worker and opened by others, each with the model loaded: from the
 * request to its first token, against the time that reading the file alone takes. Then a start: the model opened and a
 * prompt of 6 tokens answered. Each with the files in the page cache and not; a folder in memory (tmpfs) can't be without.
 * The state lies in TMPDIR, or in /var/tmp. Rounds take turns; medians are told, and the least. */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "bench/evict.h"
#include "engine/engine.h"

enum { ROUNDS_MOST = 99, SHORT_PROMPT = 6, CHUNK = 1 << 20 };

enum measure { READ_WARM, OPEN_WARM, READ_COLD, OPEN_COLD, START_WARM, START_COLD, MEASURES };

static const char *const measure_names[MEASURES] = {"state read from the page cache",
                                                    "  first token",
                                                    "state read from disk",
                                                    "  first token ",
                                                    "model in the page cache: start to first token",
                                                    "model on disk: start to first token"};

struct bench {
    const char *model;
    char folder[256], state[320];
    int32_t tokens, threads, vocab;
    double seconds[MEASURES][ROUNDS_MOST];
    size_t reused, restored; /* by the last answer, by the last that opened the conversation */
};

static void check(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "opening: %s\n", err->message);
    exit(1);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* Seconds to read it front to back; its bytes in *size. */
static double read_file(const char *path, uint64_t *size)
{
    struct error err = {0};
    static char chunk[CHUNK];
    const double began = clock_seconds();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        error_set(&err, ERR_IO, "%s: the conversation was not saved", path);
    check(fd >= 0, &err);
    *size = 0;
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
        *size += (size_t)n;
    close(fd);
    return clock_seconds() - began;
}

/* ---- workers ---------------------------------------------------------------------------------------------------- */

static struct event next_event(struct worker *w)
{
    struct event e;
    struct pollfd p = {.fd = worker_fd(w), .events = POLLIN};
    while (!worker_next(w, &e))
        poll(&p, 1, -1);
    check(e.kind != EVENT_FAILED, &e.error);
    return e;
}

static struct worker *start_worker(const struct bench *b)
{
    struct error err = {0};
    struct worker *w =
        worker_start(&(struct worker_options){.model_path = b->model,
                                              .session = {.context = b->tokens + 64, .threads = b->threads},
                                              .speculate = SPECULATE_OFF,
                                              .saved_folder = b->folder,
                                              .saved_most = UINT64_MAX / 2},
                     &err);
    check(w != NULL, &err);
    while (next_event(w).kind != EVENT_LOADED)
        ;
    return w;
}

/* Seconds from the request to its first token; waits for its end. */
static double answer(struct bench *b, struct worker *w, size_t n)
{
    struct error err = {0};
    int32_t *ids = malloc(n * sizeof *ids);
    struct sampling settings = sampling_defaults();
    settings.max_new_tokens = 1;
    for (size_t i = 0; ids != NULL && i < n; i++)
        ids[i] = (int32_t)((i * 7919 + 11) % (size_t)b->vocab);
    const double began = clock_seconds();
    check(ids != NULL && worker_generate(w, ids, n, &settings, &err) != 0, &err);
    double first = 0;
    struct event e;
    do {
        e = next_event(w);
        if (first == 0 && (e.kind == EVENT_TOKEN || e.kind == EVENT_DONE))
            first = clock_seconds() - began;
    } while (e.kind != EVENT_DONE);
    b->reused = e.timings.reused_tokens;
    free(ids);
    return first;
}

/* The conversation is computed once and saved. */
static void save_state(struct bench *b)
{
    struct worker *w = start_worker(b);
    b->vocab = model_info(worker_model(w))->vocab;
    printf("%s %s, %s kernels\n", model_info(worker_model(w))->name, model_info(worker_model(w))->type,
           engine_kernels());
    worker_keep(w, "opening");
    printf("conversation of %d tokens computed in %.2f s\n", (int)b->tokens, answer(b, w, (size_t)b->tokens));
    worker_free(w);
}

static double open_state(struct bench *b, bool cold)
{
    struct worker *w = start_worker(b);
    if (cold)
        evict_file(b->state);
    const double seconds = answer(b, w, (size_t)b->tokens);
    b->restored = b->reused;
    worker_free(w);
    return seconds;
}

static double start_model(struct bench *b, bool cold)
{
    if (cold)
        evict_file(b->model);
    const double began = clock_seconds();
    struct worker *w = start_worker(b);
    answer(b, w, SHORT_PROMPT);
    const double seconds = clock_seconds() - began;
    worker_free(w);
    return seconds;
}

/* ---- rounds ----------------------------------------------------------------------------------------------------- */

static void run_round(struct bench *b, int round, uint64_t *size)
{
    double now[MEASURES];
    now[READ_WARM] = read_file(b->state, size);
    now[OPEN_WARM] = open_state(b, false);
    evict_file(b->state);
    now[READ_COLD] = read_file(b->state, size);
    now[OPEN_COLD] = open_state(b, true);
    now[START_WARM] = start_model(b, false);
    now[START_COLD] = start_model(b, true);
    for (int i = 0; i < MEASURES; i++)
        b->seconds[i][round] = now[i];
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_results(struct bench *b, int rounds, uint64_t size)
{
    printf("state of %.1f MB; %zu of %d tokens came from it\n\n| | median ms | least ms | GB/s | × reading |\n"
           "|---|---|---|---|---|\n",
           (double)size / 1e6, b->restored, (int)b->tokens);
    for (int i = 0; i < MEASURES; i++)
        qsort(b->seconds[i], (size_t)rounds, sizeof *b->seconds[i], compare_doubles);
    for (int i = 0; i < MEASURES; i++) {
        const double median = b->seconds[i][rounds / 2], least = b->seconds[i][0];
        printf("| %s | %.1f | %.1f |", measure_names[i], median * 1e3, least * 1e3);
        if (i == READ_WARM || i == READ_COLD)
            printf(" %.1f | |\n", (double)size / median / 1e9);
        else if (i == OPEN_WARM || i == OPEN_COLD)
            printf(" | %.2f |\n", median / b->seconds[i - 1][rounds / 2]);
        else
            printf(" | |\n");
    }
}

static int argument(int argc, char **argv, int i, int otherwise)
{
    return argc > i ? atoi(argv[i]) : otherwise;
}

int main(int argc, char **argv)
{
    const int rounds = argument(argc, argv, 4, 5);
    struct bench *b = calloc(1, sizeof *b);
    if (argc < 2 || b == NULL || rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "usage: opening MODEL [TOKENS [THREADS [ROUNDS]]]\n");
        return 2;
    }
    b->model = argv[1];
    b->tokens = argument(argc, argv, 2, 2000);
    b->threads = argument(argc, argv, 3, 0);
    const char *place = getenv("TMPDIR");
    snprintf(b->folder, sizeof b->folder, "%s/palaver-opening.XXXXXX", place != NULL ? place : "/var/tmp");
    if (mkdtemp(b->folder) == NULL) {
        perror(b->folder);
        return 1;
    }
    snprintf(b->state, sizeof b->state, "%s/opening.session", b->folder);
    uint64_t size = 0;
    save_state(b);
    for (int i = 0; i < rounds; i++)
        run_round(b, i, &size);
    print_results(b, rounds, size);
    session_forget_saved(b->folder, "opening");
    rmdir(b->folder);
    free(b);
    return 0;
}
