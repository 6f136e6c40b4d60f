/* A question on the screen of palaver eval: its text, then its choices, each with what the models make of it side by
 * side. */
#include <config.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/eval-view.h"
#include "app/eval/question.h"
#include "app/eval/task.h"
#include "app/screen/lens.h"
#include "base/buf.h"
#include "ui/ui.h"

enum { TEXT_MOST = 16 << 20, BAR = 10, SHADES = 8 };

static const char *const shades[SHADES] = {"lens_0", "lens_1", "lens_2", "lens_3",
                                           "lens_4", "lens_5", "lens_6", "lens_7"};

/* A block that is being written. */
struct piece {
    struct buf text;
    struct ui_stretch *stretches;
    size_t n, room;
    int column, columns;
};

struct page {
    struct piece *at; /* (n) */
    size_t n, room;
    struct piece lost; /* takes what there is no memory for */
};

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static struct piece *add_piece(struct page *p, size_t column, size_t columns)
{
    if (p->n == p->room) {
        const size_t room = p->room > 0 ? 2 * p->room : 64;
        struct piece *more = realloc(p->at, room * sizeof *more);
        if (more == NULL)
            return &p->lost;
        p->at = more;
        p->room = room;
    }
    struct piece *piece = &p->at[p->n++];
    *piece = (struct piece){.column = (int)column, .columns = (int)columns};
    buf_init(&piece->text, TEXT_MOST);
    return piece;
}

static void end_stretch(struct piece *p, const char *role)
{
    if (p->n == p->room) {
        const size_t room = p->room > 0 ? 2 * p->room : 32;
        struct ui_stretch *more = realloc(p->stretches, room * sizeof *more);
        if (more == NULL)
            return; /* without colours */
        p->stretches = more;
        p->room = room;
    }
    p->stretches[p->n++] = (struct ui_stretch){p->text.size, role != NULL ? role : "text"};
}

static void put_text(struct piece *p, const char *role, const char *text, size_t size)
{
    buf_append(&p->text, text, size);
    end_stretch(p, role);
}

static void put(struct piece *p, const char *role, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void put(struct piece *p, const char *role, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put_text(p, role, text, strlen(text));
}

static void show_page(struct page *p, const char *title, struct ui_sheet *sheet)
{
    struct ui_block *blocks = calloc(p->n + 1, sizeof *blocks);
    for (size_t i = 0; blocks != NULL && i < p->n; i++)
        blocks[i] = (struct ui_block){buf_text(&p->at[i].text), p->at[i].text.size, p->at[i].stretches, p->at[i].n,
                                      p->at[i].column,          p->at[i].columns};
    ui_sheet_set_page(sheet, title, blocks, blocks != NULL ? p->n : 0);
    free(blocks);
    for (size_t i = 0; i < p->n; i++) {
        buf_free(&p->at[i].text);
        free(p->at[i].stretches);
    }
    free(p->at);
    buf_free(&p->lost.text);
    free(p->lost.stretches);
}

/* ---- a choice --------------------------------------------------------------------------------------------------- */

static const json_t *choice_of(const struct eval_answered *a, size_t i)
{
    return json_array_get(json_object_get(a->entry, "choices"), i);
}

static double likelihood_of(const struct eval_answered *a, size_t i)
{
    return json_number_value(json_object_get(choice_of(a, i), "loglikelihood"));
}

/* The choice that the task's score takes for the model's: the first of the likeliest, for its length where it does so. */
static size_t chosen_of(const struct eval_question *q, const struct eval_answered *a)
{
    size_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < q->n; i++) {
        const double length = q->task->metric == METRIC_ACC_NORM ? (double)q->choices[i].length : 1;
        const double here = likelihood_of(a, i) / length;
        best = here > most ? i : best;
        most = here > most ? here : most;
    }
    return best;
}

/* The share of a choice in the probability of all of them. */
static double share_of(const struct eval_question *q, const struct eval_answered *a, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k < q->n; k++)
        sum += exp(likelihood_of(a, k) - likelihood_of(a, i));
    return 1 / sum;
}

/* The texts of a choice's tokens, behind those of the choices before it. */
static const char *pieces_of(const struct eval_answered *a, size_t choice)
{
    const char *at = a->pieces;
    for (size_t i = 0; i < choice; i++)
        for (size_t k = json_array_size(json_object_get(choice_of(a, i), "ids")); k > 0; k--)
            at += strlen(at) + 1;
    return at;
}

static const char *role_of(const json_t *logprob)
{
    return shades[screen_lens_shade((float)exp(json_number_value(logprob)))];
}

/* A blank at the end of a line would not be seen, nor a line end. */
static void put_piece(struct piece *p, const char *role, const char *text)
{
    for (const char *end; *text != '\0'; text = end + (*end == '\n')) {
        end = text + strcspn(text, "\n");
        put_text(p, role, text, (size_t)(end - text));
        if (*end == '\n')
            put(p, role, "↵");
    }
}

/* "29.1%  -1.2345 ▓▓▓░░░░░░░ [ cat]" */
static void put_token_line(struct piece *p, const char *text, const json_t *logprob)
{
    const double value = json_number_value(logprob), probability = exp(value);
    const int filled = (int)(probability * BAR + 0.5);
    put(p, NULL, "%6.2f%% %9.4f ", 100 * probability, value);
    for (int i = 0; i < BAR; i++)
        put(p, i < filled ? "bar" : "bar_empty", "%s", i < filled ? "▓" : "░");
    put(p, "dim", " [");
    put_piece(p, role_of(logprob), text);
    put(p, "dim", "]\n");
}

static void put_tokens(struct piece *p, const struct eval_answered *a, size_t i, bool detailed)
{
    const json_t *logprobs = json_object_get(choice_of(a, i), "logprobs"), *logprob;
    const char *text = pieces_of(a, i);
    size_t k;
    if (text == NULL)
        return;
    json_array_foreach(logprobs, k, logprob) {
        if (detailed)
            put_token_line(p, text, logprob);
        else
            put_piece(p, role_of(logprob), text);
        text += strlen(text) + 1;
    }
    put(p, NULL, "%s\n", detailed ? "" : "\n");
}

/* "-12.3456  -1.2345 a character  chosen" and the tokens. */
static void put_answer(struct piece *p, const struct eval_question *q, const struct eval_answered *a, size_t i,
                       bool detailed)
{
    if (a->entry == NULL) {
        put(p, "dim", "not asked yet\n\n");
        return;
    }
    const bool chosen = q->task->metric != METRIC_MC2 && chosen_of(q, a) == i;
    put(p, chosen ? "strong" : NULL, "%.4f", likelihood_of(a, i));
    if (q->task->metric == METRIC_ACC_NORM)
        put(p, chosen ? "strong" : NULL, "  %.4f a character", likelihood_of(a, i) / (double)q->choices[i].length);
    if (q->task->metric == METRIC_MC2)
        put(p, NULL, "  %.1f%% of all", 100 * share_of(q, a, i));
    if (chosen)
        put(p, "strong", "  chosen");
    put(p, NULL, "\n");
    put_tokens(p, a, i, detailed);
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

static const struct eval_answered *answer_of(const struct eval_view *v, size_t column, size_t question)
{
    return &eval_work_progress_locked(v->work, column, v->task)->answers[question];
}

static void put_legend(struct page *page)
{
    static const char *const steps[SHADES] = {"under 0.25%", "0.25", "1", "2.5", "6", "13", "25", "50% and more"};
    struct piece *p = add_piece(page, 0, 1);
    put(p, "dim", "tokens by their probability: ");
    for (int i = 0; i < SHADES; i++) {
        put(p, shades[i], "%s", steps[i]);
        put(p, NULL, i + 1 < SHADES ? " " : "\n\n");
    }
}

static void put_names(const struct eval_view *v, struct page *page, const char *suffix)
{
    for (size_t m = 0; m < v->n_columns && v->n_columns > 1; m++)
        put(add_piece(page, m, v->n_columns), "title", "%zu: %s%s\n", m + 1, eval_work_name_locked(v->work, m), suffix);
}

static void put_choices(const struct eval_view *v, const struct eval_question *q, struct page *page)
{
    put_legend(page);
    put_names(v, page, "\n");
    for (size_t i = 0; i < q->n; i++) {
        const bool good = q->task->metric == METRIC_MC2 ? q->choices[i].good : i == q->target;
        const struct eval_choice *c = &q->choices[i];
        struct piece *p = add_piece(page, 0, 1);
        put(p, good ? "bar" : "error", "%s", good ? "✓" : "✗");
        if (c->context != NULL)
            put_text(p, "strong", c->context + q->own, strlen(c->context + q->own));
        put_text(p, "strong", c->continuation, strlen(c->continuation));
        put(p, NULL, "\n");
        for (size_t m = 0; m < v->n_columns; m++)
            put_answer(add_piece(page, m, v->n_columns), q, answer_of(v, m, q->index), i, v->detailed);
    }
}

static void put_written(const struct eval_view *v, const struct eval_question *q, struct page *page)
{
    const json_t *accepted;
    size_t i;
    put_names(v, page, "");
    for (size_t m = 0; m < v->n_columns; m++) {
        const struct eval_answered *a = answer_of(v, m, q->index);
        const char *text = json_string_value(json_object_get(a->entry, q->accepted != NULL ? "text" : "completion"));
        struct piece *p = add_piece(page, m, v->n_columns);
        put(p, "dim", a->entry != NULL ? "written:\n" : "not asked yet\n");
        put_text(p, NULL, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
        put(p, NULL, "\n\n");
    }
    struct piece *p = add_piece(page, 0, 1);
    json_array_foreach(q->accepted, i, accepted) {
        put(p, "dim", "accepted: ");
        put_text(p, "bar", json_string_value(accepted), json_string_length(accepted));
        put(p, NULL, "\n");
    }
}

/* What the model read before the question's own text. */
static void put_examples(const struct eval_question *q, struct page *page)
{
    const char *context = q->n > 0 && q->choices[0].context != NULL ? q->choices[0].context : q->context;
    if (q->own == 0)
        return;
    struct piece *p = add_piece(page, 0, 1);
    put(p, "title", "In front of it stood\n");
    put_text(p, "dim", context, q->own);
}

/* "arc_easy 12 · acc_norm 0" */
static void write_title(const struct eval_view *v, const struct eval_question *q, char *out, size_t size)
{
    const char *metric = eval_metric_name(q->task->metric);
    int at = snprintf(out, size, "%s %zu", q->task->name, q->index);
    for (size_t m = 0; m < v->n_columns && at > 0 && (size_t)at < size; m++) {
        const json_t *score = json_object_get(answer_of(v, m, q->index)->entry, metric);
        if (json_is_number(score))
            at +=
                snprintf(out + at, size - (size_t)at, "%s%.3g", m == 0 ? " · score " : ", ", json_number_value(score));
    }
}

void eval_page_show_locked(const struct eval_view *v, size_t question, struct ui_sheet *sheet)
{
    const struct eval_question *q = &v->run->sets[v->task]->at[question];
    struct page page = {0};
    char title[256];
    buf_init(&page.lost.text, TEXT_MOST);
    write_title(v, q, title, sizeof title);
    if (q->n == 0 || q->choices[0].context == NULL) {
        struct piece *p = add_piece(&page, 0, 1);
        put_text(p, NULL, q->context + q->own, strlen(q->context + q->own));
        put(p, NULL, "\n\n");
    }
    if (q->task->writing != NULL)
        put_written(v, q, &page);
    else
        put_choices(v, q, &page);
    put_examples(q, &page);
    show_page(&page, title, sheet);
}
