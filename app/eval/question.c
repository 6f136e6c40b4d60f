/* Questions with examples in front. */
#include <config.h>

#include "app/eval/question.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/form.h"
#include "app/eval/rows.h"
#include "app/eval/task.h"
#include "app/eval/strings.h"
#include "base/buf.h"
#include "base/error.h"

enum { CONTEXT_MOST = 64 << 20 };

/* Examples in the form of the task. */
struct examples {
    struct eval_form *at;
    size_t n;
    uint64_t checksum;
};

static void examples_free(struct examples *e)
{
    for (size_t i = 0; i < e->n; i++)
        eval_form_free(&e->at[i]);
    free(e->at);
}

static enum error_code read_examples(const struct eval_task *task, const char *data, struct examples *out,
                                     struct error *err)
{
    struct eval_rows rows = {0};
    if (eval_rows_read_examples(task, data, &rows, err) == ERR_NONE) {
        out->at = calloc(rows.n, sizeof *out->at);
        if (out->at == NULL)
            error_memory(err);
        for (; err->code == ERR_NONE && out->n < rows.n; out->n++)
            task->make(&rows.at[out->n], &out->at[out->n], err);
    }
    out->checksum = rows.checksum;
    eval_rows_free(&rows);
    return err->code;
}

/* Appends an example: its text, a blank, the right answer, an empty line, or what the task has for these. */
static void append_example(const struct eval_task *task, const struct eval_form *e, struct buf *out)
{
    const char *own = e->contexts[e->target];
    buf_printf(out, "%s%s%s%s", own != NULL ? own : e->text, task->before_answer != NULL ? task->before_answer : " ",
               e->choices[e->target], task->after_example != NULL ? task->after_example : "\n\n");
}

/* Appends heading and examples; ERR_FORMAT when there are too few for the subject. */
static enum error_code append_start(const struct eval_task *task, const struct eval_form *form,
                                    const struct examples *examples, int shots, bool fewer, const char *place,
                                    struct buf *out, struct error *err)
{
    int found = 0;
    buf_puts(out, form->heading);
    for (size_t i = 0; i < examples->n && found < shots; i++) {
        if (strcmp(examples->at[i].subject, form->subject) != 0)
            continue;
        append_example(task, &examples->at[i], out);
        found++;
    }
    if (found < shots && !fewer)
        return error_set(err, ERR_FORMAT, "%s: %d examples are wanted%s%s, and there are %d; --shots %d takes those",
                         place, shots, *form->subject != '\0' ? " of " : "", form->subject, found, found);
    return ERR_NONE;
}

static char *join(const struct buf *start, const char *text, struct error *err)
{
    struct buf b;
    buf_init(&b, CONTEXT_MOST);
    buf_append(&b, buf_text(start), start->size);
    buf_puts(&b, text);
    char *joined = buf_failed(start) ? NULL : buf_take(&b);
    if (joined == NULL)
        error_memory(err);
    buf_free(&b);
    return joined;
}

static enum error_code set_choices(struct eval_question *q, const struct eval_form *form, const struct buf *start,
                                   struct error *err)
{
    struct buf blank;
    buf_init(&blank, 2);
    buf_puts(&blank, " ");
    q->choices = calloc(form->n, sizeof *q->choices);
    if (q->choices == NULL)
        error_memory(err);
    for (; err->code == ERR_NONE && q->n < form->n; q->n++) {
        struct eval_choice *c = &q->choices[q->n];
        c->continuation = join(&blank, form->choices[q->n], err);
        c->length = strings_length(form->choices[q->n]);
        c->good = form->good[q->n];
        if (form->contexts[q->n] != NULL)
            c->context = join(start, form->contexts[q->n], err);
    }
    buf_free(&blank);
    return err->code;
}

/* What is needed to judge what the model writes goes over to the question. */
static void take_written(struct eval_question *q, struct eval_form *form)
{
    q->accepted = json_incref(form->accepted);
    q->id = form->id;
    form->id = NULL;
    for (size_t i = 0; i < 2; i++) {
        q->program[i] = form->program[i];
        form->program[i] = NULL;
    }
}

static enum error_code make_question(const struct eval_task *task, const struct eval_row *row, int shots, bool fewer,
                                     const struct examples *examples, struct eval_question *q, struct error *err)
{
    struct eval_form form = {0};
    struct buf start;
    buf_init(&start, CONTEXT_MOST);
    q->task = task;
    if (task->make(row, &form, err) == ERR_NONE &&
        append_start(task, &form, examples, shots, fewer, row->place, &start, err) == ERR_NONE) {
        q->context = join(&start, form.text, err);
        q->own = start.size;
        q->subject = strdup(form.subject);
        q->target = form.target;
        set_choices(q, &form, &start, err);
        take_written(q, &form);
        if (q->subject == NULL)
            error_memory(err);
    }
    buf_free(&start);
    eval_form_free(&form);
    return err->code;
}

struct eval_set *eval_set_open(const struct eval_task *task, const char *data, int shots, bool fewer, size_t limit,
                               struct error *err)
{
    struct eval_rows rows = {0};
    struct examples examples = {0};
    struct eval_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        error_memory(err);
    if (set != NULL && eval_rows_read(task, data, &rows, err) == ERR_NONE &&
        (shots == 0 || read_examples(task, data, &examples, err) == ERR_NONE)) {
        const size_t n = limit > 0 && limit < rows.n ? limit : rows.n;
        set->at = calloc(n, sizeof *set->at);
        set->task = task;
        set->shots = shots;
        set->total = rows.n;
        set->checksum = rows.checksum * 31 + examples.checksum;
        if (set->at == NULL)
            error_memory(err);
        for (; err->code == ERR_NONE && set->n < n; set->n++) {
            set->at[set->n].index = set->n;
            make_question(task, &rows.at[set->n], shots, fewer, &examples, &set->at[set->n], err);
        }
    }
    examples_free(&examples);
    eval_rows_free(&rows);
    if (err->code == ERR_NONE)
        return set;
    eval_set_free(set);
    return NULL;
}

/* Behind the last empty line that something follows: in front of it stand articles and passages. */
const char *eval_question_gist(const struct eval_question *q, size_t *size)
{
    const char *text = q->n > 0 && q->choices[0].context != NULL ? q->choices[0].context : q->context;
    text += q->own;
    for (const char *next; (next = strstr(text, "\n\n")) != NULL && next[2] != '\0';)
        text = next + 2;
    *size = strcspn(text, "\n");
    return text;
}

static void question_free(struct eval_question *q)
{
    for (size_t i = 0; q->choices != NULL && i < q->n; i++) {
        free(q->choices[i].context);
        free(q->choices[i].continuation);
    }
    free(q->choices);
    json_decref(q->accepted);
    free(q->id);
    free(q->program[0]);
    free(q->program[1]);
    free(q->context);
    free(q->subject);
}

void eval_set_free(struct eval_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->n; i++)
        question_free(&set->at[i]);
    free(set->at);
    free(set);
}
