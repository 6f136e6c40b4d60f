/* The rows of a data set: JSON Lines with the published columns, or MMLU's CSV files as they are published. */
#ifndef PALAVER_APP_EVAL_ROWS_H
#define PALAVER_APP_EVAL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/eval/form.h"
#include "app/eval/task.h"
#include "base/error.h"

struct eval_rows {
    struct eval_row *at; /* (n) */
    size_t n, room;
    uint64_t checksum; /* of the files' bytes, in their order: FNV-1a */
};
void eval_rows_free(struct eval_rows *rows);

/* Reads the questions of a task from a file, or from a folder that has NAME.jsonl or FILE.jsonl (for MMLU also
 * SUBJECT_test.csv, there or in its folder test). ERR_NOT_FOUND says which names were looked for. */
enum error_code eval_rows_read(const struct eval_task *task, const char *data, struct eval_rows *out,
                               struct error *err);
/* The examples that stand in front of questions: NAME_fewshot.jsonl, _train or _dev beside them (for MMLU also
 * SUBJECT_dev.csv, there or in the folder dev). */
enum error_code eval_rows_read_examples(const struct eval_task *task, const char *data, struct eval_rows *out,
                                        struct error *err);

#endif
