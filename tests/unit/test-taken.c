/* Tests of memory plans against what a process then takes: each case is a process of its own, which opens a model, fills its
 * context and looks at what the kernel counted at most. */
#include <config.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/sanitized.h"
#include "tests/shaped.h"

/* What the sanitizers add is theirs, several times the model. */
static const double TOLERANCE = SANITIZED ? INFINITY : 0.03;

enum { CONTEXT_LEAST = 64, CONTEXT_MOST = 2048, FAILED = 1, NOT_AS_PLANNED = 2 };

static char path[96];

static int make_model(void **state)
{
    const struct shape shape = {.layers = 8,
                                .width = 576,
                                .heads = 9,
                                .kv_heads = 3,
                                .ff_width = 1536,
                                .vocab = 16000,
                                .sparse = true,
                                .type = TENSOR_Q8_0};
    if (test_folder_make(state) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/model.gguf", test_folder);
    shaped_write(&shape, SHAPED_GGUF, test_folder);
    return 0;
}

/* A number of kB of this process, in bytes. */
static double counted(const char *name)
{
    char line[256];
    unsigned long kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), ": %lu", &kilobytes);
    if (f != NULL)
        fclose(f);
    return (double)kilobytes * 1024;
}

static bool fill_context(struct session *s, int32_t context, struct error *err)
{
    int32_t ids[CONTEXT_MOST];
    for (int32_t i = 0; i < context; i++)
        ids[i] = i % 997 + 3;
    return session_sync(s, ids, (size_t)context - 1, NULL, NULL, NULL, err) == ERR_NONE &&
           session_push(s, ids[context - 1], err) == ERR_NONE;
}

static int run_case(const struct session_options *o)
{
    struct memory_plan plan;
    struct error err = {0};
    struct model *model = model_open(path, NULL, &err);
    if (model == NULL)
        return FAILED;
    model_plan(model, o, LOAD_AS_IS, false, &plan);
    struct session *s = session_open(model, o, &err);
    if (s == NULL || !fill_context(s, o->context, &err))
        return FAILED;
    const double planned = (double)memory_plan_sum(&plan), taken = counted("VmHWM");
    printf("%4d tokens, %s: planned %.2f MB, taken %.2f MB, %.2f of its own: %+.2f%%\n", (int)o->context,
           o->exact                 ? "exact"
           : o->cache == CACHE_Q8_0 ? "q8_0"
                                    : "f16",
           planned / 1e6, taken / 1e6, counted("RssAnon") / 1e6, 100 * (taken / planned - 1));
    fflush(stdout);
    session_free(s);
    model_free(model);
    return fabs(taken / planned - 1) <= TOLERANCE ? 0 : NOT_AS_PLANNED;
}

static void check_case(const struct session_options *o)
{
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run_case(o));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_session_takes_what_its_plan_says(void **state)
{
    (void)state;
    static const int32_t contexts[] = {CONTEXT_LEAST, 512, CONTEXT_MOST};
    const int32_t medium = SANITIZED ? CONTEXT_LEAST : 512;
    const size_t n = SANITIZED ? 1 : sizeof contexts / sizeof *contexts;
    for (size_t i = 0; i < n; i++)
        for (enum cache_type cache = CACHE_F16; cache <= CACHE_Q8_0; cache++)
            check_case(&(struct session_options){.context = contexts[i], .threads = 2, .cache = cache});
    check_case(&(struct session_options){.context = medium, .threads = 1, .batch = 64});
    check_case(&(struct session_options){.context = medium, .threads = 4});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_session_takes_what_its_plan_says)};
    return cmocka_run_group_tests(tests, make_model, test_folder_remove);
}
