/* How much faster answers are with guesses, by task: `make bench/speculation && bench/speculation MODEL [THREADS [ROUNDS]]`.
 *
 * The answers are given (bench/speculation-tasks.txt), as what a model of random weights writes is no answer: their tokens
 * are taken for those that a sampler draws. So a run measures what it is about, how much of an answer was said before and
 * what a batch costs, on any model. Rounds with and without guesses take turns; the median of their ratios is told. The
 * time of the sampler, which is the same in both, is left out. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/costs.h"
#include "engine/run/session.h"
#include "engine/run/speculation.h"
#include "tests/source.h"

enum { TASKS = 16, ROUNDS_MOST = 99, CONTEXT = 2048 };

struct task {
    char name[32];
    struct ids ids; /* question and answer */
    size_t question;
};

struct round {
    double seconds;
    size_t guessed, right;
};

static void check(bool ok, const struct error *err)
{
    if (ok)
        return;
    fprintf(stderr, "speculation: %s\n", err->message);
    exit(1);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

static int read_tasks(const struct tokenizer *t, struct task *out)
{
    char path[4096], line[8192];
    struct error err = {0};
    int n = -1;
    snprintf(path, sizeof path, "%s/bench/speculation-tasks.txt", source_folder());
    FILE *file = fopen(path, "r");
    if (file == NULL)
        error_set(&err, ERR_NOT_FOUND, "%s is missing", path);
    check(file != NULL, &err);
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r")] = '\0';
        if (strncmp(line, "== ", 3) == 0 && n + 1 < TASKS) {
            out[++n] = (struct task){.ids = {0}};
            snprintf(out[n].name, sizeof out[n].name, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
            if (tokenizer_bos(t) >= 0)
                ids_append(&out[n].ids, (const int32_t[]){tokenizer_bos(t)}, 1);
        } else if (strcmp(line, "--\n") == 0 && n >= 0) {
            out[n].question = out[n].ids.n;
        } else if (n >= 0) {
            check(tokenizer_encode(t, line, strlen(line), &out[n].ids, &err) == ERR_NONE, &err);
        }
    }
    fclose(file);
    return n + 1;
}

/* ---- a round ---------------------------------------------------------------------------------------------------- */

/* Evaluates token i of the answer, as a worker does. */
static void push_token(struct session *s, struct speculation *guesses, struct costs *costs, const struct task *t,
                       size_t i, struct round *r)
{
    struct error err = {0};
    int32_t guessed[SPECULATION_MOST], n = 0;
    const int32_t id = t->ids.at[i];
    if (guesses == NULL) {
        check(session_push(s, id, &err) == ERR_NONE, &err);
        return;
    }
    speculation_append(guesses, id);
    if (session_is_ahead(s, id)) {
        r->right++;
        check(session_push(s, id, &err) == ERR_NONE, &err);
        return;
    }
    n = speculation_guess(guesses, (int32_t)(t->ids.n - i) - 1, guessed);
    const double began = clock_seconds();
    check(session_push_ahead(s, id, guessed, &n, &err) == ERR_NONE, &err);
    costs_measure(costs, n + 1, clock_seconds() - began);
    r->guessed += (size_t)n;
}

static struct round run_round(struct session *s, struct speculation *guesses, struct costs *costs, const struct task *t)
{
    struct round r = {0};
    struct error err = {0};
    check(session_sync(s, t->ids.at, t->question, NULL, NULL, NULL, &err) == ERR_NONE, &err);
    if (guesses != NULL)
        speculation_begin(guesses, t->ids.at, t->question);
    const double began = clock_seconds();
    for (size_t i = t->question; i < t->ids.n; i++)
        push_token(s, guesses, costs, t, i, &r);
    r.seconds = clock_seconds() - began;
    return r;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return values[n / 2];
}

static void run_task(struct session *s, const struct task *t, int rounds)
{
    struct error err = {0};
    double ratios[ROUNDS_MOST], plain[ROUNDS_MOST];
    struct round with = {0};
    struct costs costs = {0};
    struct speculation *guesses = speculation_new(SPECULATE_AUTO, CONTEXT, NULL, &costs, &err);
    check(guesses != NULL, &err);
    run_round(s, guesses, &costs, t); /* learns what batches cost, as in a conversation's first answers */
    for (int i = 0; i < rounds; i++) {
        const struct round without = run_round(s, NULL, NULL, t);
        with = run_round(s, guesses, &costs, t);
        plain[i] = (double)(t->ids.n - t->question) / without.seconds;
        ratios[i] = without.seconds / with.seconds;
    }
    printf("| %s | %zu | %.1f | %zu of %zu | %.2f |\n", t->name, t->ids.n - t->question, median(plain, rounds),
           with.right, with.guessed, median(ratios, rounds));
    fflush(stdout);
    speculation_free(guesses);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct task tasks[TASKS];
    const int rounds = argc > 3 ? atoi(argv[3]) : 5;
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "usage: speculation MODEL [THREADS [ROUNDS]]\n");
        return 2;
    }
    const struct session_options options = {.context = CONTEXT, .threads = argc > 2 ? atoi(argv[2]) : 0};
    struct model *model = model_open(argv[1], NULL, &err);
    check(model != NULL, &err);
    struct session *s = session_open(model, &options, &err);
    check(s != NULL, &err);
    const int n = read_tasks(model_tokenizer(model), tasks);
    printf(
        "%s %s, %s kernels\n\n| answer | tokens | tokens/s without | guesses right | times as fast |\n|---|---|---|---|---|\n",
        model_info(model)->name, model_info(model)->type, session_kernels(s));
    for (int i = 0; i < n; i++) {
        run_task(s, &tasks[i], rounds);
        ids_free(&tasks[i].ids);
    }
    session_free(s);
    model_free(model);
    return 0;
}
