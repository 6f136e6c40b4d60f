/* The questions of a task, as the texts that a model is asked about. */
#ifndef PALAVER_APP_EVAL_QUESTION_H
#define PALAVER_APP_EVAL_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "app/eval/task.h"
#include "base/error.h"

struct eval_choice {
    char *context;      /* what stands in front of it, when that is not the question's */
    char *continuation; /* with the blank before it */
    size_t length;      /* its characters without that blank */
    bool good;          /* counts as true, for mc2 */
};

struct eval_question {
    const struct eval_task *task;
    size_t index;  /* in the data, from 0 */
    char *subject; /* "" where the task has none */
    char *context; /* examples and question */
    size_t own;    /* where the question begins in its contexts, behind the examples */
    struct eval_choice *choices;
    size_t n, target;
    /* As in struct eval_form, for tasks that let the model write. */
    json_t *accepted;
    char *id, *program[2];
};

struct eval_set {
    const struct eval_task *task;
    int shots;
    struct eval_question *at; /* (n) */
    size_t n;
    size_t total;      /* questions that the data have, whatever the limit */
    uint64_t checksum; /* of the files that it was read from, whatever the limit */
};

/* The line by which people know a question: the first of its last part. *size: its bytes. */
const char *eval_question_gist(const struct eval_question *q, size_t *size);

/* Reads the questions of a task: the first `limit` (0: all), each behind `shots` examples, the first of its subject in
 * their order; `fewer`: behind fewer where there are no more. */
struct eval_set *eval_set_open(const struct eval_task *task, const char *data, int shots, bool fewer, size_t limit,
                               struct error *err);
void eval_set_free(struct eval_set *set);

#endif
