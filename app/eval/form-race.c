/* RACE: an article with several problems, of which the last one is asked and those before it stand answered in front.
 *
 * The data set that the harness reads (EleutherAI/race) has an article a row; its problems are a list, or the text of one
 * as Python prints it. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/columns.h"
#include "app/eval/form.h"
#include "base/buf.h"
#include "base/error.h"

enum { TEXT_MOST = 16 << 20, LETTERS = 4 };

/* ---- a list as Python prints it --------------------------------------------------------------------------------- */

/* Appends a string literal as JSON has it; *at stands on its opening quote and is moved past the closing one. */
static void append_literal(const char **at, struct buf *out)
{
    const char quote = *(*at)++;
    buf_putc(out, '"');
    for (; **at != '\0' && **at != quote; (*at)++) {
        if (**at == '"') {
            buf_puts(out, "\\\"");
        } else if (**at == '\\' && (*at)[1] == '\'') {
            buf_putc(out, '\'');
            (*at)++;
        } else if (**at == '\\' && (*at)[1] == 'x') { /* \xNN is \u00NN */
            buf_puts(out, "\\u00");
            (*at)++;
        } else if (**at == '\\' && (*at)[1] != '\0') {
            buf_append(out, *at, 2);
            (*at)++;
        } else {
            buf_putc(out, **at);
        }
    }
    *at += **at == quote;
    buf_putc(out, '"');
}

static json_t *parse_printed(const char *text)
{
    struct buf json;
    buf_init(&json, TEXT_MOST);
    while (*text != '\0') {
        if (*text == '\'' || *text == '"')
            append_literal(&text, &json);
        else
            buf_putc(&json, *text++);
    }
    json_t *value = buf_failed(&json) ? NULL : json_loads(buf_text(&json), 0, NULL);
    buf_free(&json);
    return value;
}

/* ---- the question ----------------------------------------------------------------------------------------------- */

/* One problem: its question, four options, and the number of the right one. False when it is none. */
static bool read_problem(const json_t *problem, const char **question, const char **options, size_t *answer)
{
    *question = json_string_value(json_object_get(problem, "question"));
    const char *letter = json_string_value(json_object_get(problem, "answer"));
    const json_t *list = json_object_get(problem, "options");
    for (size_t i = 0; i < LETTERS; i++) {
        options[i] = json_string_value(json_array_get(list, i));
        if (options[i] == NULL)
            return false;
    }
    if (*question == NULL || letter == NULL || letter[0] < 'A' || letter[0] >= 'A' + LETTERS || letter[1] != '\0')
        return false;
    *answer = (size_t)(letter[0] - 'A');
    return true;
}

/* A problem that is answered: a gap at the end of a sentence is filled. */
static void append_answered(const char *question, const char *answer, struct buf *out)
{
    static const char gap[] = "  _  .";
    const size_t size = strlen(question), end = sizeof gap - 1;
    if (size >= end && strcmp(question + size - end, gap) == 0) {
        buf_append(out, question, size - end + 1);
        buf_printf(out, "%s\n", answer);
    } else {
        buf_printf(out, "Question: %s\nAnswer: %s\n", question, answer);
    }
}

static enum error_code make(const struct eval_row *row, const json_t *problems, struct eval_form *out,
                            struct error *err)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    buf_printf(&text, "Article: %s\n\n", column_text(row, "article", err));
    const size_t n = json_array_size(problems);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++) {
        const char *question, *options[LETTERS];
        size_t answer;
        if (!read_problem(json_array_get(problems, i), &question, options, &answer)) {
            column_wrong(row, "problems", "a list of questions with four options and an answer each", err);
        } else if (i + 1 < n) {
            append_answered(question, options[answer], &text);
        } else {
            buf_puts(&text, question);
            for (out->n = 0; out->n < LETTERS; out->n++)
                out->choices[out->n] = strdup(options[out->n]);
            out->target = answer;
        }
    }
    out->heading = strdup("");
    out->subject = strdup("");
    out->text = buf_take(&text);
    buf_free(&text);
    if (err->code == ERR_NONE && (out->heading == NULL || out->subject == NULL || out->text == NULL))
        error_memory(err);
    return err->code;
}

enum error_code eval_make_race(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const json_t *column = json_object_get(row->columns, "problems");
    json_t *printed = json_is_string(column) ? parse_printed(json_string_value(column)) : NULL;
    const json_t *problems = printed != NULL ? printed : column;
    if (!json_is_array(problems) || json_array_size(problems) == 0)
        column_wrong(row, "problems", "a list of questions, or its text as Python prints it", err);
    else
        make(row, problems, out, err);
    json_decref(printed);
    return err->code;
}
