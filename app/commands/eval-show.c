/* palaver eval --show: a question as the model saw it, and what it made of every token of every choice. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/eval.h"
#include "app/eval/question.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TEXT_MOST = 1 << 20 };

/* The bytes of a token, with line ends as \n. */
static enum error_code append_piece(struct respondent *r, int32_t id, struct buf *out, struct error *err)
{
    struct buf piece;
    buf_init(&piece, TEXT_MOST);
    respondent_piece(r, id, &piece, err);
    for (size_t i = 0; i < piece.size; i++)
        if (piece.data[i] == '\n')
            buf_puts(out, "\\n");
        else
            buf_putc(out, piece.data[i]);
    buf_free(&piece);
    return err->code;
}

/* "  [ cat] -1.2345  29.1%" a token. */
static enum error_code print_tokens(struct respondent *r, const json_t *choice, struct error *err)
{
    const json_t *ids = json_object_get(choice, "ids"), *logprobs = json_object_get(choice, "logprobs");
    for (size_t i = 0; i < json_array_size(ids) && err->code == ERR_NONE; i++) {
        const double logp = json_number_value(json_array_get(logprobs, i));
        struct buf text;
        buf_init(&text, TEXT_MOST);
        if (append_piece(r, (int32_t)json_integer_value(json_array_get(ids, i)), &text, err) == ERR_NONE)
            safe_printf(stdout, "      %9.4f  %5.1f%%  [%s]\n", logp, 100 * exp(logp), buf_text(&text));
        buf_free(&text);
    }
    return err->code;
}

static enum error_code print_choices(struct respondent *r, const struct eval_question *q, const json_t *entry,
                                     struct error *err)
{
    const json_t *choices = json_object_get(entry, "choices");
    const bool many = q->task->metric == METRIC_MC2;
    for (size_t i = 0; i < q->n && err->code == ERR_NONE; i++) {
        const json_t *choice = json_array_get(choices, i);
        const bool good = many ? q->choices[i].good : i == q->target;
        const double sum = json_number_value(json_object_get(choice, "loglikelihood"));
        safe_printf(stdout, "\n%s %zu %s%s\n", good ? "right" : "wrong", i,
                    q->choices[i].context != NULL ? q->choices[i].context : "", q->choices[i].continuation);
        printf("      %9.4f  in all, %.4f a character%s\n", sum, sum / (double)q->choices[i].length,
               json_is_true(json_object_get(choice, "is_greedy")) ? ", the likeliest at every token" : "");
        print_tokens(r, choice, err);
    }
    return err->code;
}

static void print_written(const struct eval_question *q, const json_t *entry)
{
    const char *text = json_string_value(json_object_get(entry, q->accepted != NULL ? "text" : "completion"));
    const json_t *accepted;
    size_t i;
    safe_printf(stdout, "\nwritten:\n%s\n", text != NULL ? text : "");
    json_array_foreach(q->accepted, i, accepted)
        safe_printf(stdout, "accepted: %s\n", json_string_value(accepted));
}

static enum error_code print_question(struct respondent *r, const struct eval_question *q, const json_t *entry,
                                      struct error *err)
{
    const json_t *score = json_object_get(entry, eval_metric_name(q->task->metric));
    printf("%s %zu", q->task->name, q->index);
    if (json_is_number(score))
        printf(", %s %g", eval_metric_name(q->task->metric), json_number_value(score));
    safe_printf(stdout, "\n\n%s\n", q->context);
    if (q->task->writing != NULL)
        print_written(q, entry);
    else
        print_choices(r, q, entry, err);
    return err->code;
}

/* A line for each question that was answered wrongly: its number and the beginning of its last part. */
static void print_wrong(const struct eval_set *set, const json_t *entries)
{
    for (size_t i = 0; i < json_array_size(entries) && i < set->n; i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!json_is_object(entry) || eval_is_right(set->task, entry))
            continue;
        size_t size;
        const char *text = eval_question_gist(&set->at[i], &size);
        safe_printf(stdout, "%5zu  %.*s\n", i, (int)size, text);
    }
}

enum error_code eval_show(const struct eval_run *run, struct respondent *respondent, size_t column, size_t task,
                          struct error *err)
{
    const struct eval_set *set = run->sets[task];
    const json_t *entries = run->columns[column].outcomes[task].entries;
    char *end;
    const bool wrong = strcmp(run->o->eval.show, "wrong") == 0;
    const unsigned long number = strtoul(run->o->eval.show, &end, 10);
    if (!wrong && (*end != '\0' || *run->o->eval.show < '0' || *run->o->eval.show > '9'))
        return error_set(err, ERR_ARGUMENT, "--show takes the number of a question, from 0, or wrong");
    if (wrong)
        print_wrong(set, entries);
    else if (number >= set->n || !json_is_object(json_array_get(entries, number)))
        error_set(err, ERR_NOT_FOUND, "%s: question %lu has not been asked yet, %zu have; the same without --show asks",
                  set->task->name, number, run->columns[column].outcomes[task].tally.n);
    else
        print_question(respondent, &set->at[number], json_array_get(entries, number), err);
    return err->code;
}
