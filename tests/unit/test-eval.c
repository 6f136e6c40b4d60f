/* Tests of evaluation: questions are put as lm-evaluation-harness' own task files put them and answers judged as its
 * filters and metrics judge them (tests/fixtures/make_eval.py); what is wrong with data is said with its place; results
 * are kept whatever happens. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "app/eval/evaluator.h"
#include "app/eval/match.h"
#include "app/eval/question.h"
#include "app/eval/sandbox.h"
#include "app/eval/store.h"
#include "app/eval/strings.h"
#include "app/eval/tally.h"
#include "app/eval/task.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/unit/vectors.h"

static json_t *vectors;

static int open_vectors(void **state)
{
    (void)state;
    vectors = vectors_load("eval.json");
    return vectors != NULL ? test_folder_make(state) : -1;
}

static int close_vectors(void **state)
{
    json_decref(vectors);
    return test_folder_remove(state);
}

/* The path of a file in the test's folder; valid until the next but three. */
static const char *place(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    const char *path = place(name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void write_rows(const char *name, const json_t *rows)
{
    FILE *file = fopen(place(name), "w");
    const json_t *row;
    size_t i;
    assert_non_null(file);
    json_array_foreach(rows, i, row) {
        assert_int_equal(json_dumpf(row, file, JSON_COMPACT), 0);
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}

/* ---- forms ------------------------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void compare_question(const struct eval_question *q, const json_t *wanted, const json_t *target)
{
    const bool written = q->task->writing != NULL;
    assert_int_equal(written ? 1 : q->n, json_array_size(wanted));
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *choice = json_array_get(wanted, i);
        const char *own = q->choices[i].context;
        assert_string_equal(own != NULL ? own : q->context, text_of(choice, "context"));
        if (!written)
            assert_string_equal(q->choices[i].continuation, text_of(choice, "continuation"));
    }
    if (json_is_integer(target))
        assert_int_equal(q->target, json_integer_value(target));
}

static void compare_task(const char *name, const json_t *wanted)
{
    struct error err = {0};
    char file[64];
    const json_t *example = json_object_get(wanted, "example"), *questions = json_object_get(wanted, "questions");
    const struct eval_task *task = eval_task_find(name);
    assert_non_null(task);
    json_t *examples = json_is_object(example) ? json_pack("[O]", example) : json_array();
    snprintf(file, sizeof file, "%s.jsonl", name);
    write_rows(file, json_object_get(wanted, "rows"));
    snprintf(file, sizeof file, "%s_fewshot.jsonl", name);
    write_rows(file, examples);
    struct eval_set *set = eval_set_open(task, test_folder, (int)json_array_size(examples), false, 0, &err);
    if (set == NULL)
        fail_msg("%s: %s", name, err.message);
    assert_int_equal(set->n, json_array_size(questions));
    for (size_t i = 0; i < set->n; i++)
        compare_question(&set->at[i], json_array_get(questions, i),
                         json_array_get(json_object_get(wanted, "targets"), i));
    eval_set_free(set);
    json_decref(examples);
}

static void prompts_are_those_of_the_harness(void **state)
{
    const char *name;
    json_t *wanted;
    (void)state;
    json_object_foreach(json_object_get(vectors, "tasks"), name, wanted)
        compare_task(name, wanted);
}

static void texts_are_changed_as_python_does(void **state)
{
    const json_t *text;
    size_t i;
    (void)state;
    json_array_foreach(json_object_get(vectors, "texts"), i, text) {
        const char *begin = text_of(text, "text"), *strip = text_of(text, "strip");
        struct buf out;
        buf_init(&out, 4096);
        assert_int_equal(strings_length(begin), json_integer_value(json_object_get(text, "length")));
        strings_capitalize(begin, &out);
        assert_string_equal(buf_text(&out), text_of(text, "capitalize"));
        buf_clear(&out);
        strings_lower(begin, &out);
        assert_string_equal(buf_text(&out), text_of(text, "lower"));
        assert_int_equal(strings_strip(&begin), strlen(strip));
        assert_memory_equal(begin, strip, strlen(strip));
        buf_free(&out);
    }
}

static void answers_are_judged_as_the_harness_does(void **state)
{
    const json_t *judged;
    size_t i;
    (void)state;
    json_array_foreach(json_object_get(vectors, "judged"), i, judged) {
        const char *name = text_of(judged, "task"), *text = text_of(judged, "text");
        const json_t *task = json_object_get(json_object_get(vectors, "tasks"), name);
        const json_t *row =
            json_array_get(json_object_get(task, "rows"), (size_t)json_integer_value(json_object_get(judged, "row")));
        const json_t *answer = json_object_get(row, "answer"), *scores = json_object_get(judged, "scores");
        json_t *accepted = json_is_string(answer)   ? json_pack("[O]", answer)
                           : json_is_object(answer) ? json_incref(json_object_get(answer, "aliases"))
                                                    : json_incref((json_t *)answer);
        double other = -1;
        const double score = eval_task_find(name)->writing->judge(text, accepted, &other);
        if (score != json_number_value(json_array_get(scores, 0)))
            fail_msg("%s: '%s' is judged %g", name, text, score);
        if (json_array_size(scores) > 1 && other != json_number_value(json_array_get(scores, 1)))
            fail_msg("%s: '%s' is judged %g by the second rule", name, text, other);
        json_decref(accepted);
    }
}

static void a_program_is_put_between_its_task_and_its_tests(void **state)
{
    struct error err = {0};
    (void)state;
    const char *path = write_file("he.jsonl", "{\"task_id\":\"X/1\",\"prompt\":\"def f():\\n\",\"test\":\"def "
                                              "check(c):\\n    assert c() == 1\",\"entry_point\":\"f\"}\n");
    struct eval_set *set = eval_set_open(eval_task_find("humaneval"), path, 0, false, 0, &err);
    assert_non_null(set);
    assert_string_equal(set->at[0].context, "def f():\n");
    assert_string_equal(set->at[0].id, "X/1");
    assert_string_equal(set->at[0].program[0], "def f():\n");
    assert_string_equal(set->at[0].program[1], "\ndef check(c):\n    assert c() == 1\ncheck(f)");
    eval_set_free(set);
}

/* ---- data that are wrong ---------------------------------------------------------------------------------------- */

static void a_wrong_column_is_named_with_its_place(void **state)
{
    static const struct {
        const char *task, *line, *says;
    } cases[] = {
        {"arc_easy", "{\"choices\":{\"text\":[\"a\"],\"label\":[\"A\"]},\"answerKey\":\"A\"}",
         "no column \"question\""},
        {"arc_easy", "{\"question\":\"q\",\"choices\":{\"text\":[\"a\"],\"label\":[\"A\"]},\"answerKey\":\"B\"}",
         "\"answerKey\" is not one of the labels"},
        {"arc_easy", "{\"question\":\"q\",\"choices\":[],\"answerKey\":\"B\"}", "\"choices\" is not an object"},
        {"hellaswag", "{\"activity_label\":\"a\",\"ctx_a\":\"\",\"ctx_b\":\"\",\"endings\":[\"a\"],\"label\":\"1\"}",
         "\"label\" is not the number of one of the choices"},
        {"mmlu", "{\"question\":\"q\",\"subject\":\"s\",\"choices\":[\"a\",\"b\"],\"answer\":1}", "an array of 4"},
        {"mmlu", "{\"question\":\"q\",\"subject\":\"s\",\"choices\":[\"a\",\"b\",\"c\",\"d\"],\"answer\":\"E\"}",
         "\"answer\""},
        {"truthfulqa_mc2", "{\"question\":\"q\",\"mc2_targets\":{\"choices\":[\"a\",\"b\"],\"labels\":[1]}}",
         "as many labels as choices"},
        {"truthfulqa_mc1", "{\"question\":\"q\",\"mc1_targets\":{\"choices\":[\"a\"],\"labels\":[2]}}", "0 and 1"},
        {"piqa", "{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":7,\"label\":0}", "\"sol2\" is not a text"},
        {"siqa",
         "{\"context\":\"\",\"question\":\"\",\"answerA\":\"\",\"answerB\":\"\",\"answerC\":\"\",\"label\":\"0\"}",
         "\"label\""},
        {"winogrande", "{\"sentence\":\"no gap\",\"option1\":\"a\",\"option2\":\"b\",\"answer\":\"1\"}", "a gap, _"},
        {"race", "{\"article\":\"a\",\"problems\":\"[{'question': 'q'\"}", "\"problems\""},
        {"boolq", "{\"passage\":\"p\",\"question\":\"q\",\"label\":2}", "\"label\""},
        {"triviaqa", "{\"question\":\"q\",\"answer\":\"a\"}", "\"answer\" is not an object"},
        {"nq_open", "{\"question\":\"q\",\"answer\":[]}", "\"answer\" is not an array of texts"},
        {"gsm8k", "{\"question\":\"q\",\"answer\":\"5\"}", "\"#### \""},
        {"humaneval", "{\"task_id\":\"1\",\"prompt\":\"p\",\"test\":\"t\"}", "no column \"entry_point\""},
        {"mbpp", "{\"task_id\":1,\"text\":\"t\",\"code\":\"c\",\"test_list\":[\"a\"]}", "at least three"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        char text[512];
        snprintf(text, sizeof text, "\n%s\n", cases[i].line);
        assert_null(eval_set_open(eval_task_find(cases[i].task), write_file("bad.jsonl", text), 0, false, 0, &err));
        if (err.code != ERR_FORMAT || strstr(err.message, cases[i].says) == NULL ||
            strstr(err.message, "bad.jsonl:2: ") == NULL)
            fail_msg("%s: %s", cases[i].task, err.message);
    }
}

/* Opens data that can't be read, and looks for words in what is said of them. */
static void expect_refused(const char *task, const char *data, int shots, enum error_code code, const char *says)
{
    struct error err = {0};
    assert_null(eval_set_open(eval_task_find(task), data, shots, false, 0, &err));
    if (err.code != code || strstr(err.message, says) == NULL)
        fail_msg("%s", err.message);
}

static const char two[] = "{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":0}\n"
                          "{\"goal\":\"h\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":1}";

static void files_that_are_no_data_are_refused(void **state)
{
    struct error err = {0};
    (void)state;
    expect_refused("piqa", write_file("empty.jsonl", ""), 0, ERR_FORMAT, "no questions");
    expect_refused("piqa", write_file("blank.jsonl", " \n\t\n"), 0, ERR_FORMAT, "no questions");
    expect_refused("piqa", write_file("list.jsonl", "[1]\n"), 0, ERR_FORMAT, "list.jsonl:1:");
    expect_refused("piqa", write_file("torn.jsonl", "{}\n{\"a\":\n"), 0, ERR_FORMAT, "torn.jsonl:2:");
    expect_refused("piqa", write_file("latin.jsonl", "{\"goal\":\"\xE9\"}\n"), 0, ERR_FORMAT, "UTF-8");
    expect_refused("piqa", place("nosuch.jsonl"), 0, ERR_IO, "nosuch.jsonl");
    mkdir(place("nothing"), 0700);
    expect_refused("mmlu", place("nothing"), 0, ERR_NOT_FOUND, "SUBJECT_test.csv");
    expect_refused("piqa", write_file("lone.jsonl", two), 1, ERR_NOT_FOUND, "--shots 0");
    write_file("few.jsonl", two);
    write_file("few_fewshot.jsonl", two);
    expect_refused("piqa", place("few.jsonl"), 3, ERR_FORMAT, "--shots 2");
    struct eval_set *set = eval_set_open(eval_task_find("piqa"), place("few.jsonl"), 3, true, 1, &err);
    assert_non_null(set); /* fewer will do */
    assert_int_equal(set->n, 1);
    assert_int_equal(set->total, 2);
    assert_string_equal(set->at[0].context, "Question: g\nAnswer: a\n\nQuestion: h\nAnswer: b\n\nQuestion: g\nAnswer:");
    eval_set_free(set);
}

static void mmlu_is_read_from_its_csv_files(void **state)
{
    struct error err = {0};
    (void)state;
    mkdir(place("csv"), 0700);
    mkdir(place("csv/test"), 0700);
    mkdir(place("csv/dev"), 0700);
    write_file("csv/test/anatomy_test.csv", "\"Which, \"\"one\"\"?\",a,b,c,d,D\n");
    write_file("csv/test/world_religions_test.csv", "Who?\n,1,2,3,4,A\r\n");
    expect_refused("mmlu", place("csv"), 0, ERR_FORMAT, "world_religions_test.csv:1: 1 columns");
    write_file("csv/test/world_religions_test.csv", "Who?,1,2,3,4,A\r\n");
    write_file("csv/dev/anatomy_dev.csv", "Dev?,x,y,z,w,B\n");
    write_file("csv/dev/world_religions_dev.csv", "Dev 2?,x,y,z,w,C\n");
    struct eval_set *set = eval_set_open(eval_task_find("mmlu"), place("csv"), 1, false, 0, &err);
    if (set == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(set->n, 2);
    assert_string_equal(set->at[0].context,
                        "The following are multiple choice questions (with answers) about anatomy.\n\n"
                        "Dev?\nA. x\nB. y\nC. z\nD. w\nAnswer: B\n\n"
                        "Which, \"one\"?\nA. a\nB. b\nC. c\nD. d\nAnswer:");
    assert_int_equal(set->at[0].target, 3);
    assert_string_equal(set->at[1].subject, "world_religions");
    assert_non_null(strstr(set->at[1].context, "about world religions.\n\nDev 2?"));
    eval_set_free(set);
}

/* ---- scores ----------------------------------------------------------------------------------------------------- */

static void subjects_count_alike_in_their_mean(void **state)
{
    struct eval_tally t = {.task = eval_task_find("mmlu")};
    (void)state;
    for (int i = 0; i < 4; i++) {
        json_t *entry = json_pack("{s:s, s:f}", "subject", i < 3 ? "many" : "one", "acc", i == 3 ? 0.0 : 1.0);
        eval_tally_add(&t, entry);
        json_decref(entry);
    }
    assert_true(eval_tally_mean(&t) == 0.75);
    assert_true(eval_tally_subjects(&t) == 0.5);
    assert_true(fabs(eval_tally_error(&t) - 0.25) < 1e-12); /* sample deviation 0.5, divided by sqrt(4) */
    json_t *all = eval_tally_json(&t);
    assert_int_equal(json_object_size(json_object_get(all, "subjects")), 2);
    json_decref(all);
    eval_tally_free(&t);
}

/* ---- the store -------------------------------------------------------------------------------------------------- */

static const struct eval_key key = {.task = "piqa", .fingerprint = 1, .checksum = 2, .shots = 3, .context = 4};

static struct eval_store *open_store(struct error *err)
{
    return eval_store_open(test_folder, &key, "model", "data", 9, err);
}

static void put_entry(struct eval_store *s, size_t index, double score)
{
    struct error err = {0};
    json_t *entry = json_pack("{s:I, s:f}", "index", (json_int_t)index, "acc", score);
    assert_int_equal(eval_store_put(s, index, entry, &err), ERR_NONE);
}

static const char *store_file(void)
{
    return place("evaluations/piqa-0000000000000001-0000000000000002-3-4.jsonl");
}

static void append_to_store(const char *text)
{
    FILE *file = fopen(store_file(), "a");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void count_file(void *context, const json_t *head, const json_t *entries)
{
    size_t *files = context;
    assert_string_equal(text_of(head, "model"), "model");
    assert_int_equal(json_array_size(entries), 2);
    ++*files;
}

static void count_broken(void *context, const struct error *why)
{
    (void)context;
    fail_msg("%s", why->message);
}

static void results_go_on_where_they_stopped(void **state)
{
    struct error err = {0}, busy = {0};
    size_t files = 0;
    (void)state;
    struct eval_store *s = open_store(&err);
    assert_non_null(s);
    put_entry(s, 0, 0);
    put_entry(s, 1, 1);
    put_entry(s, 0, 1); /* replaces the first */
    assert_int_equal(eval_store_sync(s, &err), ERR_NONE);
    assert_null(open_store(&busy)); /* one program at a time */
    assert_int_equal(busy.code, ERR_BUSY);
    eval_store_free(s);
    append_to_store("{\"index\":2,\"ac"); /* a crash */
    s = open_store(&err);
    assert_non_null(s);
    assert_int_equal(eval_store_size(s), 2);
    assert_true(json_number_value(json_object_get(eval_store_entry(s, 0), "acc")) == 1);
    eval_store_free(s);
    assert_int_equal(eval_store_list(test_folder, count_file, count_broken, &files, &err), ERR_NONE);
    assert_int_equal(files, 1);
    append_to_store("{\"index\":2}\n{\"index\":7}\n");
    s = open_store(&err);
    assert_non_null(s);
    assert_int_equal(eval_store_size(s), 8);
    assert_non_null(eval_store_entry(s, 7));
    assert_null(eval_store_entry(s, 6)); /* a hole */
    put_entry(s, 6, 1);
    assert_non_null(eval_store_entry(s, 6));
    eval_store_free(s);
    append_to_store("{\"index\":1000000}\n");
    assert_null(open_store(&err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_non_null(strstr(err.message, ".jsonl:8: "));
}

/* ---- a model ---------------------------------------------------------------------------------------------------- */

struct watching {
    size_t calls, most, asked;
    json_t *entries; /* null where there is none */
};

static bool watch_some(void *context)
{
    struct watching *w = context;
    return w->calls++ < w->most;
}

static void take_entry(void *context, size_t index, json_t *entry, bool asked)
{
    struct watching *w = context;
    w->asked += asked;
    while (json_array_size(w->entries) <= index)
        json_array_append_new(w->entries, json_null());
    assert_true(json_is_null(json_array_get(w->entries, index)));
    json_array_set(w->entries, index, entry);
}

static size_t count_entries(const json_t *entries)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(entries); i++)
        n += json_is_object(json_array_get(entries, i));
    return n;
}

/* Runs a task with the small model until watch stops it; returns the entries. */
static json_t *run_entries(const char *task, const char *data, size_t most, enum error_code *code)
{
    struct error err = {0};
    struct watching w = {.most = most, .entries = json_array()};
    const struct eval_listener listener = {watch_some, take_entry, &w};
    struct eval_tally tally;
    char *path = vectors_own("tiny-llama.gguf");
    struct model *model = model_open(path, NULL, &err);
    assert_non_null(model);
    const struct session_options session = {.context = 512, .threads = 1};
    const struct eval_setting setting = {.data = data, .folder = place("kept"), .name = "tiny"};
    struct respondent *asked = respondent_here(model, &session, &err);
    assert_non_null(asked);
    struct evaluator *e = evaluator_new(asked, &setting, &err);
    assert_non_null(e);
    struct eval_set *set = eval_set_open(eval_task_find(task), data, 0, false, 0, &err);
    assert_non_null(set);
    *code = evaluator_run(e, set, &tally, &listener, &err);
    if (*code != ERR_NONE && *code != ERR_STOPPED)
        fail_msg("%s", err.message);
    assert_int_equal(tally.n + tally.unscored, count_entries(w.entries));
    assert_true(w.asked <= tally.n + tally.unscored);
    eval_set_free(set);
    eval_tally_free(&tally);
    evaluator_free(e);
    respondent_free(asked);
    model_free(model);
    free(path);
    return w.entries;
}

/* The same as text. */
static char *run_task(const char *task, const char *data, size_t most, enum error_code wanted)
{
    enum error_code code;
    json_t *entries = run_entries(task, data, most, &code);
    assert_int_equal(code, wanted);
    char *text = json_dumps(entries, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(entries);
    return text;
}

static void an_evaluation_that_stops_goes_on_with_the_same_results(void **state)
{
    char rows[40 * 80] = "", other[sizeof rows + 2];
    (void)state;
    for (int i = 0; i < 40; i++)
        sprintf(rows + strlen(rows), "{\"goal\":\"goal %d\",\"sol1\":\"red %d\",\"sol2\":\"blue\",\"label\":%d}\n", i,
                i, i % 2);
    snprintf(other, sizeof other, "%s\n", rows); /* the same questions, and other data to the store */
    write_file("whole.jsonl", other);
    write_file("part.jsonl", rows);
    char *whole = run_task("piqa", place("whole.jsonl"), SIZE_MAX, ERR_NONE);
    char *part = run_task("piqa", place("part.jsonl"), 3, ERR_STOPPED);
    assert_true(strlen(part) < strlen(whole));
    free(part);
    part = run_task("piqa", place("part.jsonl"), SIZE_MAX, ERR_NONE);
    assert_string_equal(part, whole);
    free(part);
    free(whole);
}

static void written_answers_do_not_depend_on_what_is_beside_them(void **state)
{
    char rows[12 * 80] = "", first[96];
    (void)state;
    for (int i = 0; i < 12; i++)
        sprintf(rows + strlen(rows), "{\"question\":\"what is %d\",\"answer\":[\"x\"]}\n", i * i);
    snprintf(first, sizeof first, "%.*s", (int)(strchr(rows, '\n') + 1 - rows), rows);
    write_file("nq.jsonl", rows);
    write_file("nq1.jsonl", first);
    char *all = run_task("nq_open", place("nq.jsonl"), SIZE_MAX, ERR_NONE);
    char *one = run_task("nq_open", place("nq1.jsonl"), SIZE_MAX, ERR_NONE);
    assert_memory_equal(all, one, strlen(one) - 1); /* but for the bracket that closes the array */
    free(all);
    free(one);
}

/* Stops in the middle of answers that are written side by side, a few steps later each time. */
static void answers_that_have_ended_are_kept_when_others_are_stopped(void **state)
{
    char rows[8 * 80] = "", other[sizeof rows + 2];
    size_t kept = 0, holes = 0;
    enum error_code code;
    (void)state;
    for (int i = 0; i < 8; i++)
        sprintf(rows + strlen(rows), "{\"question\":\"who is %d\",\"answer\":[\"x\"]}\n", i * i);
    snprintf(other, sizeof other, "%s\n", rows);
    write_file("nq-whole.jsonl", other);
    write_file("nq-part.jsonl", rows);
    json_t *whole = run_entries("nq_open", place("nq-whole.jsonl"), SIZE_MAX, &code);
    for (size_t most = 18; kept < 8 && most < 400; most += 9) {
        json_t *part = run_entries("nq_open", place("nq-part.jsonl"), most, &code);
        assert_int_equal(code, count_entries(part) < 8 ? ERR_STOPPED : ERR_NONE);
        assert_true(count_entries(part) >= kept);
        kept = count_entries(part);
        holes += json_array_size(part) - kept;
        for (size_t i = 0; i < json_array_size(part); i++)
            if (json_is_object(json_array_get(part, i)))
                assert_true(json_equal(json_array_get(part, i), json_array_get(whole, i)));
        json_decref(part);
    }
    assert_int_equal(kept, 8);
    assert_true(holes > 0);
    json_decref(whole);
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

static bool passes(const char *program)
{
    struct error err = {0};
    bool passed = false;
    assert_int_equal(sandbox_run(program, strlen(program), &passed, &err), ERR_NONE);
    return passed;
}

static void programs_run_in_a_sandbox_alone(void **state)
{
    struct error err = {0};
    char secret[512];
    (void)state;
    if (sandbox_check(&err) != ERR_NONE)
        skip();
    assert_true(passes("assert 1 + 1 == 2"));
    assert_false(passes("assert 1 + 1 == 3"));
    assert_false(passes("raise SystemExit(0)"));
    assert_false(passes("x = bytearray(1 << 33)"));
    snprintf(secret, sizeof secret, "open('%s').read()", write_file("secret", "s"));
    assert_false(passes(secret));
    assert_true(passes("import os\nassert 'HOME' not in os.environ\nopen('/tmp/x', 'w').write('x')"));
    assert_false(passes("open('/usr/x', 'w')"));
    assert_true(
        passes("import socket\ntry:\n    socket.create_connection(('192.0.2.1', 9), 1)\n    ok = False\n"
               "except OSError as e:\n    ok = e.errno == 101\nassert ok")); /* ENETUNREACH: no network at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_are_those_of_the_harness),
        cmocka_unit_test(texts_are_changed_as_python_does),
        cmocka_unit_test(answers_are_judged_as_the_harness_does),
        cmocka_unit_test(a_program_is_put_between_its_task_and_its_tests),
        cmocka_unit_test(a_wrong_column_is_named_with_its_place),
        cmocka_unit_test(files_that_are_no_data_are_refused),
        cmocka_unit_test(mmlu_is_read_from_its_csv_files),
        cmocka_unit_test(subjects_count_alike_in_their_mean),
        cmocka_unit_test(results_go_on_where_they_stopped),
        cmocka_unit_test(an_evaluation_that_stops_goes_on_with_the_same_results),
        cmocka_unit_test(written_answers_do_not_depend_on_what_is_beside_them),
        cmocka_unit_test(answers_that_have_ended_are_kept_when_others_are_stopped),
        cmocka_unit_test(programs_run_in_a_sandbox_alone),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
