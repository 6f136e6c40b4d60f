/* What is kept of each question, as JSON: for the store, and for the log that scripts read. */
#ifndef PALAVER_APP_EVAL_LOG_H
#define PALAVER_APP_EVAL_LOG_H

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/question.h"
#include "app/eval/writer.h"

/* {"task", "index", "choices": [{"ids", "loglikelihood", "is_greedy", "logprobs": one a token}, ...], "target"} and
 * "acc" and "acc_norm", or "mc1", or "mc2"; "subject" for MMLU. NULL when out of memory, as below. */
json_t *eval_log_choices(const struct eval_question *q, const struct eval_result *r);
/* {"task", "index", "text", "finish"} and "exact_match", "flexible" where the task has it; for programs "task_id" and
 * "completion", and "pass@1" when the program was run. */
json_t *eval_log_written(const struct eval_question *q, const struct eval_written *w);
/* Adds "prompt_ids" to an entry. A choice with a context of its own (WinoGrande) gets its own. */
void eval_log_add_prompt(json_t *entry, const struct eval_question *q, const struct eval_result *r);

#endif
