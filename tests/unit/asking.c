#include <config.h>

#include "tests/unit/asking.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/cmocka.h"
#include "tests/source.h"

enum { PATIENCE = 600000 }; /* milliseconds a test waits for an event at most, far more than it needs */

struct worker *asking_start(const char *path, int32_t context, int32_t batch)
{
    struct error err = {0};
    struct worker *w =
        worker_start(&(struct worker_options){.model_path = path,
                                              .session = {.context = context, .threads = 1, .batch = batch}},
                     &err);
    assert_non_null(w);
    return w;
}

struct event asking_next(struct worker *w)
{
    struct event e = {0};
    while (!worker_next(w, &e)) {
        struct pollfd fd = {.fd = worker_fd(w), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, PATIENCE), 1);
    }
    return e;
}

struct worker *asking_worker_start(int32_t context, int32_t batch)
{
    struct worker *w = asking_start(source_fixture("tiny-llama.gguf"), context, batch);
    assert_int_equal(asking_next(w).kind, EVENT_LOADED);
    return w;
}

struct sampling asking_greedy(int32_t longest)
{
    struct sampling s = {.repetition_penalty = 1, .top_p = 1, .typical_p = 1, .max_new_tokens = longest};
    return s;
}

struct sampling asking_endless(void)
{
    struct sampling s = asking_greedy(-1);
    s.repetition_window = -1;
    s.frequency_penalty = 2;
    return s;
}

void asking_fill_endless(const struct worker *w, int32_t *ids)
{
    for (int i = 0; i < ASKING_PROMPT; i++)
        ids[i] = i == 0 ? 1 : i % 5 == 0 ? 50 + i : tokenizer_eos(model_tokenizer(worker_model(w)));
}

uint64_t asking_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s)
{
    struct error err = {0};
    uint64_t request = worker_generate(w, ids, n, s, &err);
    if (request == 0)
        fail_msg("%s", err.message);
    return request;
}

uint64_t asking_generate_endless(struct worker *w, const struct sampling *s)
{
    int32_t ids[ASKING_PROMPT];
    asking_fill_endless(w, ids);
    uint64_t request = asking_generate(w, ids, ASKING_PROMPT, s);
    while (asking_next(w).kind != EVENT_TOKEN)
        ;
    return request;
}

void asking_collect(struct worker *w, uint64_t request, struct asking_result *r)
{
    size_t done = 0;
    memset(r, 0, sizeof *r);
    buf_init(&r->text, 1 << 20);
    for (;;) {
        struct event e = asking_next(w);
        assert_int_equal(e.request, request);
        if (e.kind == EVENT_PREFILL) {
            assert_true(r->n == 0 && e.done >= done && e.done <= e.total);
            done = e.done;
            r->prefills++;
        } else if (e.kind == EVENT_TOKEN) {
            assert_int_equal(e.text[e.text_size], '\0'); /* there may be others inside */
            buf_append(&r->text, e.text, e.text_size);
            assert_true(e.id < 0 || r->n < ASKING_CONTEXT);
            if (e.id >= 0)
                r->ids[r->n++] = e.id;
        } else {
            r->last = e;
            return;
        }
    }
}

struct asking_result *asking_answer(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s)
{
    struct asking_result *r = malloc(sizeof *r);
    asking_collect(w, asking_generate(w, ids, n, s), r);
    assert_int_equal(r->last.kind, EVENT_DONE);
    return r;
}

void asking_result_free(struct asking_result *r)
{
    buf_free(&r->text);
    free(r);
}

void asking_let_ring_fill(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
}
