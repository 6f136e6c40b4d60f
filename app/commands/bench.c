/* palaver bench: how fast this machine reads and writes with a model.
 *
 * Reading (prefill) evaluates N tokens in batches, writing (decode) one after another, both after DEPTH tokens that are
 * in the context already. The time does not depend on which tokens they are. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum { LENGTHS = 16, LONGEST = 1 << 20 };

struct lengths {
    int32_t at[LENGTHS];
    int n;
};

struct bench {
    const struct options *o;
    struct model *model;
    struct session *session;
    struct lengths prompt, generate, depth;
    int32_t *ids;       /* as many as the largest test needs */
    double load, first; /* seconds from the start until the model is open, and until the first token */
    double *rates;      /* tokens per second, one for each repetition of a test */
    json_t *results;
};

/* ---- settings --------------------------------------------------------------------------------------------------- */

static enum error_code parse_lengths(const char *text, const char *fallback, const char *name, struct lengths *out,
                                     struct error *err)
{
    const char *at = text != NULL ? text : fallback;
    for (char *end;; at = end + 1) {
        long number = strtol(at, &end, 10);
        if (end == at || number < 0 || number > LONGEST || (*end != '\0' && *end != ','))
            return error_set(err, ERR_ARGUMENT, "--%s takes token counts like 128,512, not '%s'", name, text);
        if (out->n == LENGTHS)
            return error_set(err, ERR_ARGUMENT, "--%s takes at most %d counts", name, LENGTHS);
        out->at[out->n++] = (int32_t)number;
        if (*end == '\0')
            return ERR_NONE;
    }
}

static int32_t longest(const struct lengths *lengths)
{
    int32_t most = 0;
    for (int i = 0; i < lengths->n; i++)
        most = lengths->at[i] > most ? lengths->at[i] : most;
    return most;
}

/* Tokens that the largest test needs. */
static int32_t context_needed(const struct bench *b)
{
    int32_t prompt = longest(&b->prompt), generate = longest(&b->generate);
    return longest(&b->depth) + (prompt > generate ? prompt : generate) + 1;
}

static enum error_code prepare_bench(struct bench *b, struct error *err)
{
    const struct bench_options *asked = &b->o->bench;
    if (parse_lengths(asked->prompt, "512", "prompt-tokens", &b->prompt, err) != ERR_NONE ||
        parse_lengths(asked->generate, "64", "generate-tokens", &b->generate, err) != ERR_NONE ||
        parse_lengths(asked->depth, "0", "depth", &b->depth, err) != ERR_NONE)
        return err->code;
    int32_t context = context_needed(b);
    if (b->o->context > 0 && b->o->context < context)
        return error_set(err, ERR_ARGUMENT, "--ctx %d is too small for these lengths, which need %d", b->o->context,
                         context);
    b->ids = calloc((size_t)context, sizeof *b->ids);
    b->rates = calloc((size_t)asked->repetitions, sizeof *b->rates);
    b->results = json_array();
    if (b->ids == NULL || b->rates == NULL || b->results == NULL)
        return error_memory(err);
    return ERR_NONE;
}

/* Opens the model and reads the first prompt, and measures both. */
static enum error_code open_bench(struct bench *b, struct error *err)
{
    double started = clock_seconds();
    b->model = models_open(b->o, false, err);
    if (b->model == NULL)
        return err->code;
    int32_t context = context_needed(b), vocab = model_info(b->model)->vocab;
    b->session = models_session(b->o, b->model, b->o->context > context ? b->o->context : context, err);
    if (b->session == NULL)
        return err->code;
    b->load = clock_seconds() - started;
    for (int32_t i = 0; i < context; i++)
        b->ids[i] = (int32_t)(((int64_t)i * 7919 + 11) % vocab);
    size_t n = b->prompt.at[0] > 0 ? (size_t)b->prompt.at[0] : 1;
    enum error_code code = session_sync(b->session, b->ids, n, NULL, NULL, NULL, err);
    b->first = clock_seconds() - started;
    return code;
}

/* ---- one test --------------------------------------------------------------------------------------------------- */

/* Leaves the first depth tokens of ids in the context; for depth 0 a token that ids does not begin with. */
static enum error_code rewind_to(struct bench *b, int32_t depth, struct error *err)
{
    int32_t other = (b->ids[0] + 1) % model_info(b->model)->vocab;
    if (depth == 0)
        return session_sync(b->session, &other, 1, NULL, NULL, NULL, err);
    return session_sync(b->session, b->ids, (size_t)depth, NULL, NULL, NULL, err);
}

static enum error_code read_tokens(struct bench *b, int32_t depth, int32_t n, struct error *err)
{
    return session_sync(b->session, b->ids, (size_t)depth + (size_t)n, NULL, NULL, NULL, err);
}

static enum error_code write_tokens(struct bench *b, int32_t depth, int32_t n, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (int32_t i = 0; code == ERR_NONE && i < n; i++)
        code = session_push(b->session, b->ids[depth + i], err);
    return code;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef enum error_code test_run(struct bench *b, int32_t depth, int32_t n, struct error *err);

static enum error_code run_test(struct bench *b, const char *name, test_run *run, int32_t depth, int32_t n,
                                struct error *err)
{
    int32_t times = b->o->bench.repetitions;
    for (int32_t i = 0; i < times; i++) {
        if (rewind_to(b, depth, err) != ERR_NONE)
            return err->code;
        double started = clock_seconds();
        if (run(b, depth, n, err) != ERR_NONE)
            return err->code;
        b->rates[i] = (double)n / (clock_seconds() - started);
    }
    qsort(b->rates, (size_t)times, sizeof *b->rates, by_size);
    double median = (b->rates[(times - 1) / 2] + b->rates[times / 2]) / 2;
    if (!b->o->json) {
        printf("%-8s%8" PRId32 "%8" PRId32 "%12.1f%12.1f%12.1f\n", name, depth, n, median, b->rates[0],
               b->rates[times - 1]);
        fflush(stdout);
    }
    json_array_append_new(b->results,
                          json_pack("{s:s, s:i, s:i, s:f, s:f, s:f}", "test", name, "depth", (int)depth, "tokens",
                                    (int)n, "median", median, "min", b->rates[0], "max", b->rates[times - 1]));
    return ERR_NONE;
}

static enum error_code run_lengths(struct bench *b, const char *name, test_run *run, int32_t depth,
                                   const struct lengths *lengths, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (int i = 0; code == ERR_NONE && i < lengths->n; i++)
        if (lengths->at[i] > 0)
            code = run_test(b, name, run, depth, lengths->at[i], err);
    return code;
}

/* ---- all tests -------------------------------------------------------------------------------------------------- */

static uint64_t peak_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

static int32_t threads_used(const struct bench *b)
{
    return b->o->threads > 0 ? b->o->threads : engine_cores();
}

static void print_head(const struct bench *b)
{
    const struct model_info *info = model_info(b->model);
    safe_printf(stdout, "model        %s, %s, %.1f MB\n", info->path, info->type, (double)info->file_bytes / 1e6);
    printf("kernels      %s, %" PRId32 " threads\n", session_kernels(b->session), threads_used(b));
    printf("loading      %.3f s\n", b->load);
    printf("first token  %.3f s after the start, with a prompt of %" PRId32 "\n\n", b->first, b->prompt.at[0]);
    printf("%-8s%8s%8s%12s%12s%12s\n", "test", "depth", "tokens", "tokens/s", "least", "greatest");
    fflush(stdout);
}

static void print_tail(struct bench *b)
{
    if (!b->o->json) {
        printf("\npeak memory  %.1f MB, including the mapped model\n", (double)peak_bytes() / 1e6);
        return;
    }
    const struct model_info *info = model_info(b->model);
    json_print(stdout,
               json_pack("{s:s, s:s, s:I, s:s, s:i, s:f, s:f, s:I, s:O}", "model", info->path, "type", info->type,
                         "file_bytes", (json_int_t)info->file_bytes, "kernels", session_kernels(b->session), "threads",
                         (int)threads_used(b), "load_seconds", b->load, "first_token_seconds", b->first, "peak_bytes",
                         (json_int_t)peak_bytes(), "results", b->results));
}

static enum error_code run_all(struct bench *b, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (int i = 0; code == ERR_NONE && i < b->depth.n; i++) {
        code = run_lengths(b, "read", read_tokens, b->depth.at[i], &b->prompt, err);
        if (code == ERR_NONE)
            code = run_lengths(b, "write", write_tokens, b->depth.at[i], &b->generate, err);
    }
    return code;
}

int bench_run(const struct options *o)
{
    struct error err = {0};
    struct bench b = {.o = o};
    enum error_code code = prepare_bench(&b, &err);
    if (code == ERR_NONE)
        code = open_bench(&b, &err);
    if (code == ERR_NONE && !o->json)
        print_head(&b);
    if (code == ERR_NONE)
        code = run_all(&b, &err);
    if (code == ERR_NONE)
        print_tail(&b);
    session_free(b.session);
    model_free(b.model);
    json_decref(b.results);
    free(b.ids);
    free(b.rates);
    return code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
