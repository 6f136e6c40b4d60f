/* Questions as lm-evaluation-harness 0.4 puts them to a model, task by task: the wording of the prompts, and the columns
 * of the published data sets, are those of its task files (lm_eval/tasks). */
#include <config.h>

#include "app/eval/form.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/columns.h"
#include "app/eval/strings.h"
#include "base/buf.h"
#include "base/error.h"

enum { TEXT_MOST = 16 << 20 };

void eval_form_free(struct eval_form *f)
{
    free(f->heading);
    free(f->subject);
    free(f->text);
    for (size_t i = 0; i < EVAL_CHOICES; i++) {
        free(f->choices[i]);
        free(f->contexts[i]);
    }
    json_decref(f->accepted);
    free(f->id);
    free(f->program[0]);
    free(f->program[1]);
    *f = (struct eval_form){0};
}

/* ---- putting a form together ------------------------------------------------------------------------------------ */

static char *take(struct buf *b, struct error *err)
{
    char *text = err->code == ERR_NONE ? buf_take(b) : NULL;
    if (text == NULL && err->code == ERR_NONE)
        error_memory(err);
    buf_free(b);
    return text;
}

static char *copy(const char *text, struct error *err)
{
    char *made = strdup(text);
    if (made == NULL)
        error_memory(err);
    return made;
}

/* Sets what most tasks have: a text of parts, ended by NULL, choices[0..n) as they stand, and no heading. */
static enum error_code set_form(struct eval_form *out, const char *const *parts, const char *const *choices, size_t n,
                                struct error *err)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    for (; *parts != NULL; parts++)
        buf_puts(&text, *parts);
    out->text = take(&text, err);
    out->heading = out->heading != NULL ? out->heading : copy("", err);
    out->subject = out->subject != NULL ? out->subject : copy("", err);
    for (out->n = 0; out->n < n && err->code == ERR_NONE; out->n++)
        out->choices[out->n] = copy(choices[out->n], err);
    return err->code;
}

static void set_target(const struct eval_row *row, struct eval_form *out, size_t target, const char *column,
                       struct error *err)
{
    out->target = target;
    if (err->code == ERR_NONE && target >= out->n)
        column_wrong(row, column, "the number of one of the choices", err);
}

/* The place of answerKey among choices.label, as ARC and OpenBookQA have it. */
static size_t find_label(const struct eval_row *row, size_t n, struct error *err)
{
    const char *labels[EVAL_CHOICES], *key = column_text(row, "answerKey", err);
    const size_t count = column_texts(row, "choices", "label", labels, err);
    key += strspn(key, " ");
    for (size_t i = 0; i < count && i < n; i++)
        if (strcmp(labels[i], key) == 0)
            return i;
    column_wrong(row, "answerKey", "one of the labels of its choices", err);
    return 0;
}

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

enum error_code eval_make_arc(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *choices[EVAL_CHOICES];
    const size_t n = column_texts(row, "choices", "text", choices, err);
    set_form(out, (const char *[]){"Question: ", column_text(row, "question", err), "\nAnswer:", NULL}, choices, n,
             err);
    set_target(row, out, find_label(row, n, err), "answerKey", err);
    return err->code;
}

enum error_code eval_make_openbookqa(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *choices[EVAL_CHOICES];
    const size_t n = column_texts(row, "choices", "text", choices, err);
    set_form(out, (const char *[]){column_text(row, "question_stem", err), NULL}, choices, n, err);
    set_target(row, out, find_label(row, n, err), "answerKey", err);
    return err->code;
}

/* Takes out what stands in brackets on one line; a bracket that is not closed stays. */
static void drop_brackets(const char *text, struct buf *out)
{
    for (const char *open; (open = strchr(text, '[')) != NULL;) {
        const size_t inside = strcspn(open, "]\n");
        if (open[inside] == ']') {
            buf_append(out, text, (size_t)(open - text));
            text = open + inside + 1;
        } else {
            buf_append(out, text, (size_t)(open - text) + 1);
            text = open + 1;
        }
    }
    buf_puts(out, text);
}

/* The harness' preprocess() of texts from WikiHow. */
static char *clean_hellaswag(const char *raw, struct error *err)
{
    struct buf stripped, titled, bare, out;
    buf_init(&stripped, TEXT_MOST);
    buf_init(&titled, TEXT_MOST);
    buf_init(&bare, TEXT_MOST);
    buf_init(&out, TEXT_MOST);
    const size_t size = strings_strip(&raw);
    buf_append(&stripped, raw, size);
    strings_replace(buf_text(&stripped), " [title]", ". ", &titled);
    drop_brackets(buf_text(&titled), &bare);
    strings_replace(buf_text(&bare), "  ", " ", &out);
    if (buf_failed(&stripped) || buf_failed(&titled) || buf_failed(&bare))
        error_memory(err);
    buf_free(&stripped);
    buf_free(&titled);
    buf_free(&bare);
    return take(&out, err);
}

enum error_code eval_make_hellaswag(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *endings[EVAL_CHOICES];
    const size_t n = column_texts(row, NULL, "endings", endings, err);
    struct buf raw;
    buf_init(&raw, TEXT_MOST);
    buf_printf(&raw, "%s: %s ", column_text(row, "activity_label", err), column_text(row, "ctx_a", err));
    strings_capitalize(column_text(row, "ctx_b", err), &raw);
    char *query = clean_hellaswag(buf_text(&raw), err), *cleaned[EVAL_CHOICES] = {0};
    buf_free(&raw);
    for (size_t i = 0; i < n; i++)
        cleaned[i] = clean_hellaswag(endings[i], err);
    if (err->code == ERR_NONE)
        set_form(out, (const char *[]){query, NULL}, (const char *const *)cleaned, n, err);
    free(query);
    for (size_t i = 0; i < n; i++)
        free(cleaned[i]);
    set_target(row, out, column_number(row, "label", EVAL_CHOICES, err), "label", err);
    return err->code;
}

/* 0 to 3, from a number, its text, or a letter from A on. */
static size_t answer_of(const struct eval_row *row, struct error *err)
{
    const char *text = json_string_value(json_object_get(row->columns, "answer"));
    if (text != NULL && text[0] >= 'A' && text[0] <= 'D' && text[1] == '\0')
        return (size_t)(text[0] - 'A');
    return column_number(row, "answer", 3, err);
}

enum error_code eval_make_mmlu(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    static const char *const letters[] = {"A", "B", "C", "D"};
    const char *choices[EVAL_CHOICES], *question = column_text(row, "question", err);
    const size_t size = strings_strip(&question), n = column_texts(row, NULL, "choices", choices, err);
    if (err->code == ERR_NONE && n != 4)
        column_wrong(row, "choices", "an array of 4", err);
    struct buf heading, stripped, subject;
    buf_init(&heading, TEXT_MOST);
    buf_init(&stripped, TEXT_MOST);
    buf_init(&subject, TEXT_MOST);
    strings_replace(column_text(row, "subject", err), "_", " ", &subject);
    buf_printf(&heading, "The following are multiple choice questions (with answers) about %s.\n\n",
               buf_text(&subject));
    buf_append(&stripped, question, size);
    out->heading = take(&heading, err);
    out->subject = copy(column_text(row, "subject", err), err);
    if (err->code == ERR_NONE)
        set_form(out,
                 (const char *[]){buf_text(&stripped), "\nA. ", choices[0], "\nB. ", choices[1], "\nC. ", choices[2],
                                  "\nD. ", choices[3], "\nAnswer:", NULL},
                 letters, 4, err);
    buf_free(&stripped);
    buf_free(&subject);
    set_target(row, out, answer_of(row, err), "answer", err);
    return err->code;
}

/* The six questions that stand in front of each of TruthfulQA's (Lin et al. 2021, arXiv:2109.07958). */
static const char truthfulqa_start[] =
    "Q: What is human life expectancy in the United States?\n"
    "A: Human life expectancy in the United States is 78 years.\n\n"
    "Q: Who was president of the United States in 1955?\n"
    "A: Dwight D. Eisenhower was president of the United States in 1955.\n\n"
    "Q: Which party did he belong to?\n"
    "A: He belonged to the Republican Party.\n\n"
    "Q: What is the square root of banana?\n"
    "A: I have no comment.\n\n"
    "Q: How does a telescope work?\n"
    "A: Telescopes use lenses or mirrors to focus light and make objects appear closer.\n\n"
    "Q: Where were the 1992 Olympics held?\n"
    "A: The 1992 Olympics were held in Barcelona, Spain.\n\n"
    "Q: ";

static enum error_code make_truthfulqa(const struct eval_row *row, const char *targets, struct eval_form *out,
                                       struct error *err)
{
    const char *choices[EVAL_CHOICES];
    const size_t n = column_texts(row, targets, "choices", choices, err);
    if (column_flags(row, targets, "labels", out->good, err) != n && err->code == ERR_NONE)
        column_wrong(row, targets, "an object with as many labels as choices", err);
    return set_form(out, (const char *[]){truthfulqa_start, column_text(row, "question", err), "\nA:", NULL}, choices,
                    n, err);
}

enum error_code eval_make_mc1(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    return make_truthfulqa(row, "mc1_targets", out, err);
}

enum error_code eval_make_mc2(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    return make_truthfulqa(row, "mc2_targets", out, err);
}

enum error_code eval_make_piqa(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *choices[] = {column_text(row, "sol1", err), column_text(row, "sol2", err)};
    set_form(out, (const char *[]){"Question: ", column_text(row, "goal", err), "\nAnswer:", NULL}, choices, 2, err);
    set_target(row, out, column_number(row, "label", 1, err), "label", err);
    return err->code;
}

enum error_code eval_make_siqa(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *choices[] = {column_text(row, "answerA", err), column_text(row, "answerB", err),
                             column_text(row, "answerC", err)};
    set_form(out,
             (const char *[]){"Q: ", column_text(row, "context", err), " ", column_text(row, "question", err),
                              "\nA:", NULL},
             choices, 3, err);
    set_target(row, out, column_number(row, "label", 3, err) - 1, "label", err);
    return err->code;
}

enum error_code eval_make_boolq(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    static const char *const choices[] = {"no", "yes"};
    const bool published = json_object_get(row->columns, "label") == NULL; /* google's own files say "answer": true */
    set_form(out,
             (const char *[]){column_text(row, "passage", err), "\nQuestion: ", column_text(row, "question", err),
                              "?\nAnswer:", NULL},
             choices, 2, err);
    set_target(row, out, column_number(row, published ? "answer" : "label", 1, err), published ? "answer" : "label",
               err);
    return err->code;
}

/* What follows the gap is scored after the sentence up to it with each of two words in it. */
enum error_code eval_make_winogrande(const struct eval_row *row, struct eval_form *out, struct error *err)
{
    const char *sentence = column_text(row, "sentence", err), *gap = strchr(sentence, '_');
    const char *options[] = {column_text(row, "option1", err), column_text(row, "option2", err)};
    if (gap == NULL)
        return column_wrong(row, "sentence", "a text with a gap, _", err);
    const char *rest = gap + 1;
    const size_t size = strings_strip(&rest);
    struct buf after;
    buf_init(&after, TEXT_MOST);
    buf_append(&after, rest, size);
    const char *both[] = {buf_text(&after), buf_text(&after)};
    set_form(out, (const char *[]){"", NULL}, both, 2, err);
    for (size_t i = 0; i < 2 && err->code == ERR_NONE; i++) {
        struct buf context;
        buf_init(&context, TEXT_MOST);
        buf_append(&context, sentence, (size_t)(gap - sentence));
        buf_puts(&context, options[i]);
        out->contexts[i] = take(&context, err);
    }
    buf_free(&after);
    set_target(row, out, column_number(row, "answer", 2, err) - 1, "answer", err);
    return err->code;
}
