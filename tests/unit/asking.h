/* What the tests of the worker share: a worker with a small model of random weights, requests, and what came of them.
 * A function that can't do its work fails the test.
 *
 * The ring holds 256 events, and the worker waits while it is full: so what it may still do after an order is counted,
 * not timed. Such a model ends an answer now and then; prompts full of end tokens and a penalty for repeating keep it
 * from that. */
#ifndef PALAVER_TESTS_UNIT_ASKING_H
#define PALAVER_TESTS_UNIT_ASKING_H

#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

/* The ring's events; tokens of the usual context and of asking_fill_endless's prompt. */
enum { ASKING_RING = 256, ASKING_CONTEXT = 4000, ASKING_PROMPT = 60 };

/* What came of one request. */
struct asking_result {
    struct event last;
    int32_t ids[ASKING_CONTEXT];
    int n; /* tokens */
    int prefills;
    struct buf text;
};

/* A worker that begins to load the model at path. */
struct worker *asking_start(const char *path, int32_t context, int32_t batch);
/* A worker that has loaded the small model. scripts/stage finds the tests to run under ThreadSanitizer by
 * "worker_start(", so this name ends in it. */
struct worker *asking_worker_start(int32_t context, int32_t batch);
/* Waits for the next event. */
struct event asking_next(struct worker *w);

struct sampling asking_greedy(int32_t longest);
/* Never ends by itself when the prompt is that of asking_fill_endless. */
struct sampling asking_endless(void);
/* Writes the ASKING_PROMPT ids of a prompt. */
void asking_fill_endless(const struct worker *w, int32_t *ids);

/* Asks for an answer; the request's number. */
uint64_t asking_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s);
/* Asks for an answer that continues until it is stopped, and waits until it has begun. */
uint64_t asking_generate_endless(struct worker *w, const struct sampling *s);
/* Reads the request's events up to its last; buf_free r->text. */
void asking_collect(struct worker *w, uint64_t request, struct asking_result *r);
/* asking_generate and asking_collect; asking_result_free it. */
struct asking_result *asking_answer(struct worker *w, const int32_t *ids, size_t n, const struct sampling *s);
void asking_result_free(struct asking_result *r);
/* Gives the worker time to fill the ring and to wait itself. Only makes the tests' counts sharp. */
void asking_let_ring_fill(void);

#endif
