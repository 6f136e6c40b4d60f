/* The tasks: what each asks, in which columns its questions come, and what is told of its results. */
#ifndef PALAVER_APP_EVAL_TASK_H
#define PALAVER_APP_EVAL_TASK_H

#include <stdbool.h>

#include "app/eval/form.h"

/* What decides whether an answer is right. */
enum eval_metric {
    METRIC_ACC,      /* the likeliest choice */
    METRIC_ACC_NORM, /* the likeliest for its length in characters; acc is told too */
    METRIC_MC1,      /* the likeliest choice, of which the first is the true one */
    METRIC_MC2,      /* the share of the probability that true choices have */
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
};
extern const struct eval_task eval_tasks[]; /* ends with name == NULL */

/* NULL when there is none of that name; dashes and underscores, and case, are the same. */
const struct eval_task *eval_task_find(const char *name);
/* "acc", "acc_norm", "mc1", "mc2". */
const char *eval_metric_name(enum eval_metric metric);

#endif
