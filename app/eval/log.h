/* The log of an evaluation: JSON Lines, one a question, for scripts and for comparing with other programs. */
#ifndef PALAVER_APP_EVAL_LOG_H
#define PALAVER_APP_EVAL_LOG_H

#include <jansson.h>

#include "app/eval/ask.h"
#include "app/eval/question.h"

/* {"task", "index", "prompt_ids", "choices": [{"ids", "loglikelihood", "is_greedy"}, ...], "target"} and "acc" and
 * "acc_norm", or "mc1", or "mc2". A choice with a context of its own (WinoGrande) has its own "prompt_ids". NULL when out
 * of memory. */
json_t *eval_log_entry(const struct eval_question *q, const struct eval_result *r);

#endif
