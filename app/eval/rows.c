/* Finding and reading the files of a data set. */
#include <config.h>

#include "app/eval/rows.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "app/eval/form.h"
#include "app/eval/task.h"
#include "app/text/csv.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/error.h"

enum { PATH_MOST = 4096 };

void eval_rows_free(struct eval_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        json_decref(rows->at[i].columns);
        free(rows->at[i].place);
    }
    free(rows->at);
    *rows = (struct eval_rows){0};
}

/* Takes over columns, which may be NULL when memory was short. */
static enum error_code add_row(struct eval_rows *rows, json_t *columns, const char *path, size_t line,
                               struct error *err)
{
    struct eval_row row = {.columns = columns};
    if (rows->n == rows->room) {
        const size_t room = rows->room > 0 ? 2 * rows->room : 64;
        struct eval_row *more = realloc(rows->at, room * sizeof *more);
        if (more == NULL) {
            json_decref(columns);
            return error_memory(err);
        }
        rows->at = more;
        rows->room = room;
    }
    if (columns == NULL || asprintf(&row.place, "%s:%zu", path, line) < 0) {
        json_decref(columns);
        return error_memory(err);
    }
    rows->at[rows->n++] = row;
    return ERR_NONE;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static enum error_code read_jsonl(const char *path, const struct buf *text, struct eval_rows *rows, struct error *err)
{
    const char *at = buf_text(text), *end = at + text->size;
    for (size_t line = 1; at < end && err->code == ERR_NONE; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        if (strspn(at, " \t\r") < (size_t)(stop - at)) {
            json_error_t wrong;
            json_t *value = json_loadb(at, (size_t)(stop - at), JSON_REJECT_DUPLICATES, &wrong);
            if (json_is_object(value)) {
                add_row(rows, value, path, line, err);
            } else {
                error_set(err, ERR_FORMAT, "%s:%zu:%d: not a line of JSON Lines, an object a line: %s", path, line,
                          value != NULL ? 1 : wrong.column, value != NULL ? "it is another value" : wrong.text);
                json_decref(value);
            }
        }
        at = stop + 1;
    }
    return err->code;
}

/* "anatomy" of ".../anatomy_test.csv". */
static void subject_of(const char *path, char *out, size_t size)
{
    const char *name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    snprintf(out, size, "%s", name);
    char *end = strrchr(out, '_');
    end = end != NULL ? end : strrchr(out, '.');
    if (end != NULL)
        *end = '\0';
}

/* MMLU as published: no headings; question, four choices, the letter of the right one. */
static enum error_code read_csv(const char *path, const struct buf *text, struct eval_rows *rows, struct error *err)
{
    struct csv csv;
    struct csv_record r;
    char subject[256];
    subject_of(path, subject, sizeof subject);
    csv_init(&csv, path, buf_text(text), text->size, ',');
    csv_record_init(&r);
    while (err->code == ERR_NONE && csv_next(&csv, &r, err)) {
        if (r.n != 6) {
            error_set(err, ERR_FORMAT,
                      "%s:%zu: %zu columns; MMLU's files have 6: a question, four choices, the letter of the right one",
                      path, r.line, r.n);
            break;
        }
        add_row(rows,
                json_pack("{s:s, s:s, s:[s,s,s,s], s:s}", "question", csv_field(&r, 0), "subject", subject, "choices",
                          csv_field(&r, 1), csv_field(&r, 2), csv_field(&r, 3), csv_field(&r, 4), "answer",
                          csv_field(&r, 5)),
                path, r.line, err);
    }
    csv_record_free(&r);
    return err->code;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void add_checksum(struct eval_rows *rows, const struct buf *text)
{
    uint64_t sum = rows->checksum != 0 ? rows->checksum : 0xcbf29ce484222325u;
    for (size_t i = 0; i < text->size; i++)
        sum = (sum ^ (unsigned char)text->data[i]) * 0x100000001b3u;
    rows->checksum = sum;
}

static enum error_code read_file(const char *path, struct eval_rows *rows, struct error *err)
{
    struct buf text;
    buf_init(&text, INPUT_MOST);
    const size_t before = rows->n;
    if (input_read_file(path, &text, err) == ERR_NONE && input_check_utf8(&text, path, err) == ERR_NONE) {
        add_checksum(rows, &text);
        if (ends_with(path, ".csv"))
            read_csv(path, &text, rows, err);
        else
            read_jsonl(path, &text, rows, err);
    }
    buf_free(&text);
    if (err->code == ERR_NONE && rows->n == before)
        error_set(err, ERR_FORMAT, "%s: there are no questions in it", path);
    return err->code;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the files in a folder that end so, sorted; *n of them, each malloc'ed, as is the list. */
static char **list_files(const char *folder, const char *end, size_t *n)
{
    DIR *dir = opendir(folder);
    char **names = NULL;
    *n = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (!ends_with(e->d_name, end))
            continue;
        char **more = realloc(names, (*n + 1) * sizeof *names);
        if (more != NULL)
            names = more;
        if (more == NULL || asprintf(&names[*n], "%s/%s", folder, e->d_name) < 0)
            break;
        (*n)++;
    }
    if (dir != NULL)
        closedir(dir);
    if (*n > 0)
        qsort(names, *n, sizeof *names, compare_names);
    return names;
}

/* Reads every SUBJECT_PART.csv of a folder, or of its folder PART; false when there is none. */
static bool read_subjects(const char *folder, const char *part, struct eval_rows *rows, struct error *err)
{
    char inner[PATH_MOST], end[32];
    size_t n;
    snprintf(end, sizeof end, "_%s.csv", part);
    char **names = list_files(folder, end, &n);
    if (n == 0) {
        free(names);
        snprintf(inner, sizeof inner, "%s/%s", folder, part);
        names = list_files(inner, end, &n);
    }
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE)
            read_file(names[i], rows, err);
        free(names[i]);
    }
    free(names);
    return n > 0;
}

/* Writes the first of FOLDER/NAME{ends}.jsonl, FOLDER/FILE{ends}.jsonl that is there to path; false: none. */
static bool find_in_folder(const struct eval_task *task, const char *folder, const char *const *ends, char *path)
{
    const char *const names[] = {task->name, task->file};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (const char *const *end = ends; *end != NULL; end++) {
            snprintf(path, PATH_MOST, "%s/%s%s.jsonl", folder, names[i], *end);
            if (is_there(path))
                return true;
        }
    return false;
}

static bool is_mmlu(const struct eval_task *task)
{
    return task->make == eval_make_mmlu;
}

enum error_code eval_rows_read(const struct eval_task *task, const char *data, struct eval_rows *out, struct error *err)
{
    static const char *const ends[] = {"", "_test", "_validation", NULL};
    char path[PATH_MOST];
    if (!is_folder(data))
        return read_file(data, out, err);
    if (find_in_folder(task, data, ends, path))
        return read_file(path, out, err);
    if (is_mmlu(task) && read_subjects(data, "test", out, err))
        return err->code;
    return error_set(err, ERR_NOT_FOUND, "%s: there are no questions for %s, neither %s.jsonl nor %s.jsonl%s", data,
                     task->name, task->name, task->file, is_mmlu(task) ? " nor SUBJECT_test.csv" : "");
}

/* ---- examples --------------------------------------------------------------------------------------------------- */

static const char *const example_ends[] = {"_fewshot", "_train", "_dev", NULL};

/* The same beside a file: STEM_fewshot.jsonl, or what stands for _test or _validation at the end of STEM. */
static bool find_beside(const char *file, char *path)
{
    const char *dot = strrchr(file, '.');
    size_t stem = dot != NULL && strchr(dot, '/') == NULL ? (size_t)(dot - file) : strlen(file);
    const char *extension = file + stem;
    for (int round = 0; round < 2; round++) {
        for (const char *const *end = example_ends; *end != NULL; end++) {
            snprintf(path, PATH_MOST, "%.*s%s%s", (int)stem, file, *end, extension);
            if (is_there(path))
                return true;
        }
        while (stem > 0 && file[stem] != '_' && file[stem] != '/')
            stem--;
        if (stem == 0 || file[stem] != '_')
            return false;
    }
    return false;
}

enum error_code eval_rows_read_examples(const struct eval_task *task, const char *data, struct eval_rows *out,
                                        struct error *err)
{
    char path[PATH_MOST];
    const bool folder = is_folder(data);
    if (folder ? find_in_folder(task, data, example_ends, path) : find_beside(data, path))
        return read_file(path, out, err);
    if (folder && is_mmlu(task) && read_subjects(data, "dev", out, err))
        return err->code;
    return error_set(err, ERR_NOT_FOUND,
                     "%s: there are no examples for %s: %s_fewshot.jsonl (or _train, _dev) should lie there; --shots 0 "
                     "asks without examples",
                     data, task->name, task->file);
}
