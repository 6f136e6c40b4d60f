/* The tasks: what each asks, in which columns its questions come, and what is told of its results. */
#ifndef PALAVER_APP_EVAL_TASK_H
#define PALAVER_APP_EVAL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "app/eval/form.h"

/* What decides whether an answer is right. */
enum eval_metric {
    METRIC_ACC,      /* the likeliest choice */
    METRIC_ACC_NORM, /* the likeliest for its length in characters; acc is told too */
    METRIC_MC1,      /* the likeliest choice, of which the first is the true one */
    METRIC_MC2,      /* the share of the probability that true choices have */
    METRIC_EXACT,    /* what the model wrote is an accepted answer */
    METRIC_PASS,     /* the program that it wrote passes the tests */
};

/* How the model is let to write. */
struct eval_writing {
    const char *until[6]; /* an answer ends in front of any of these; ends with NULL */
    int32_t most;         /* tokens */
    /* Whether an answer is right, 0 or 1; *other is the same by a second rule. NULL: a program has to be run. */
    double (*judge)(const char *answer, const json_t *accepted, double *other);
};

struct eval_task {
    const char *name;    /* "arc_challenge" */
    const char *file;    /* its data are NAME.jsonl, or FILE.jsonl in the same folder: "arc" */
    const char *title;   /* "ARC (challenge)" */
    const char *source;  /* where the published set is */
    const char *columns; /* for --help */
    int shots;           /* as the Open LLM Leaderboard had it; 0 where it had none */
    enum eval_metric metric;
    bool leaderboard; /* one of the four whose mean is the leaderboard's */
    eval_make *make;
    const struct eval_writing *writing;        /* NULL: choices */
    const char *before_answer, *after_example; /* in examples; NULL: a blank, an empty line */
};
extern const struct eval_task eval_tasks[]; /* ends with name == NULL */

/* NULL when there is none of that name; dashes and underscores, and case, are the same. */
const struct eval_task *eval_task_find(const char *name);
/* "acc", "acc_norm", "mc1", "mc2", "exact_match", "pass@1". */
const char *eval_metric_name(enum eval_metric metric);
/* What is told beside it: "acc" with acc_norm, "flexible" where answers are also looked for less strictly; else NULL. */
const char *eval_second_name(const struct eval_task *task);

#endif
