/* Questions that a model answers in its own words, and programming problems: forms as in form.c. */
#include <config.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/columns.h"
#include "app/eval/form.h"
#include "base/buf.h"
#include "base/error.h"

enum { TEXT_MOST = 16 << 20, TESTS = 3 };

/* Puts texts, ended by NULL, one after another; NULL with err filled. */
static char *join_texts(struct error *err, ...)
{
    struct buf all;
    va_list texts;
    buf_init(&all, TEXT_MOST);
    va_start(texts, err);
    for (const char *text; (text = va_arg(texts, const char *)) != NULL;)
        buf_puts(&all, text);
    va_end(texts);
    char *joined = buf_take(&all);
    if (joined == NULL)
        error_memory(err);
    buf_free(&all);
    return joined;
}

/* Sets the text, given away, and what follows it in an example. */
static enum error_code set_written(struct eval_form *out, char *text, const char *answer, struct error *err)
{
    out->text = text;
    out->heading = join_texts(err, "", NULL);
    out->subject = join_texts(err, "", NULL);
    out->choices[0] = join_texts(err, answer, NULL);
    out->n = 1;
    return err->code;
}

/* The texts of an array, of which the first stands in examples; "" with err filled when it is none. */
static const char *set_accepted(const struct eval_row *row, const json_t *array, const char *column,
                                struct eval_form *out, struct error *err)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (!json_is_string(json_array_get(array, i)))
            array = NULL;
    if (json_array_size(array) == 0) {
        column_wrong(row, column, "an array of texts, the accepted answers", err);
        return "";
    }
    out->accepted = json_copy((json_t *)array);
    if (out->accepted == NULL)
        error_memory(err);
    return json_string_value(json_array_get(array, 0));
}

enum error_code eval_make_triviaqa(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const json_t *aliases = json_object_get(json_object_get(row->columns, "answer"), "aliases");
    if (!json_is_array(aliases))
        return column_wrong(row, "answer", "an object whose \"aliases\" is an array of texts", err);
    const char *first = set_accepted(row, aliases, "answer", out, err);
    return set_written(out, join_texts(err, "Question: ", column_text(row, "question", err), "?\nAnswer:", NULL), first,
                       err);
}

enum error_code eval_make_nq_open(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *first = set_accepted(row, json_object_get(row->columns, "answer"), "answer", out, err);
    set_written(out, join_texts(err, "Q: ", column_text(row, "question", err), "?\nA:", NULL), first, err);
    free(out->heading);
    out->heading = join_texts(err, "Answer these questions:\n\n", NULL);
    return err->code;
}

enum error_code eval_make_gsm8k(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *answer = column_text(row, "answer", err);
    if (err->code == ERR_NONE && strstr(answer, "#### ") == NULL)
        return column_wrong(row, "answer", "a text with the result after \"#### \" at its end", err);
    out->accepted = json_pack("[s]", answer);
    if (out->accepted == NULL)
        return error_memory(err);
    return set_written(out, join_texts(err, "Question: ", column_text(row, "question", err), "\nAnswer:", NULL), answer,
                       err);
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

/* The column task_id, a text or a number. */
static void set_id(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const json_t *id = json_object_get(row->columns, "task_id");
    char number[32];
    if (json_is_integer(id))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    out->id = join_texts(err, json_is_integer(id) ? number : column_text(row, "task_id", err), NULL);
}

enum error_code eval_make_humaneval(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *prompt = column_text(row, "prompt", err);
    out->program[0] = join_texts(err, prompt, NULL);
    out->program[1] = join_texts(err, "\n", column_text(row, "test", err), "\ncheck(",
                                 column_text(row, "entry_point", err), ")", NULL);
    set_id(row, out, err);
    const json_t *solution = json_object_get(row->columns, "canonical_solution"); /* in examples alone */
    return set_written(out, join_texts(err, prompt, NULL), json_is_string(solution) ? json_string_value(solution) : "",
                       err);
}

enum error_code eval_make_mbpp(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *tests[EVAL_CHOICES];
    const size_t n = column_texts(row, NULL, "test_list", tests, err);
    if (err->code == ERR_NONE && n < TESTS)
        column_wrong(row, "test_list", "an array of at least three texts", err);
    if (err->code != ERR_NONE)
        return err->code;
    out->program[0] = join_texts(err, "", NULL);
    out->program[1] = join_texts(err, "\n", tests[0], "\n", tests[1], "\n", tests[2], NULL);
    set_id(row, out, err);
    char *text = join_texts(err, "You are an expert Python programmer, and here is your task: ",
                            column_text(row, "text", err), " Your code should pass these tests:\n\n", tests[0], "\n",
                            tests[1], "\n", tests[2], "\n[BEGIN]\n", NULL);
    char *code = join_texts(err, column_text(row, "code", err), "\n[DONE]", NULL);
    set_written(out, text, code != NULL ? code : "", err);
    free(code);
    return err->code;
}
