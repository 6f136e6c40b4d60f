/* One question in the form that a task gives it, before examples are put in front. */
#ifndef PALAVER_APP_EVAL_FORM_H
#define PALAVER_APP_EVAL_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum { EVAL_CHOICES = 64 };

/* A question. Texts are owned by it. */
struct eval_form {
    char *heading;                /* stands before all else, "" for most tasks; names the subject of MMLU */
    char *subject;                /* "" where the task has none */
    char *text;                   /* "Question: ...\nAnswer:" */
    char *choices[EVAL_CHOICES];  /* what may follow it after a blank */
    char *contexts[EVAL_CHOICES]; /* WinoGrande: what stands in the place of text for each choice; else NULL */
    bool good[EVAL_CHOICES];      /* counts as true, for mc2 */
    size_t n;                     /* choices */
    size_t target;                /* the right one */

    /* Tasks that let the model write: */
    json_t *accepted; /* texts, any of which is right; NULL for choices and code */
    char *id;         /* of a programming problem, "HumanEval/0"; NULL for others */
    char *program[2]; /* what stands before and after the model's code in a program that tests it */
};
void eval_form_free(struct eval_form *f);

/* A row of a data set, as columns. `place` says where it comes from, "arc.jsonl:3". */
struct eval_row {
    json_t *columns;
    char *place;
};

/* Makes a question from a row. ERR_FORMAT names the place and the column that is missing or is not what it should be. */
typedef enum error_code eval_make(const struct eval_row *row, struct eval_form *out, struct error *err);

eval_make eval_make_arc, eval_make_hellaswag, eval_make_mmlu, eval_make_mc1, eval_make_mc2, eval_make_piqa,
    eval_make_siqa, eval_make_openbookqa, eval_make_winogrande, eval_make_race, eval_make_boolq, eval_make_triviaqa,
    eval_make_nq_open, eval_make_gsm8k, eval_make_humaneval, eval_make_mbpp;

#endif
