/* The table of tasks. */
#include <config.h>

#include "app/eval/task.h"

#include <ctype.h>
#include <stddef.h>

#include "app/eval/form.h"
#include "app/eval/match.h"

#define SHORT_ANSWER \
    { \
        "\n", ".", ",", NULL \
    }

static const struct eval_writing write_trivia = {SHORT_ANSWER, 256, match_plain};
static const struct eval_writing write_nq = {SHORT_ANSWER, 256, match_without_articles};
static const struct eval_writing write_gsm8k = {{"Question:", "</s>", "<|im_end|>", NULL}, 256, match_number};
static const struct eval_writing write_humaneval = {{"\nclass", "\ndef", "\n#", "\nif", "\nprint", NULL}, 1024, NULL};
static const struct eval_writing write_mbpp = {{"[DONE]", NULL}, 256, NULL};

/* Questions, prompts and rules are those of lm_eval/tasks; so are the shots where the leaderboard has none. */
const struct eval_task eval_tasks[] = {
    {"arc_easy", "arc", "ARC (easy)", "allenai/ai2_arc", "question, choices {text, label}, answerKey", 0,
     METRIC_ACC_NORM, false, eval_make_arc, NULL, NULL, NULL},
    {"arc_challenge", "arc", "ARC (challenge)", "allenai/ai2_arc", "question, choices {text, label}, answerKey", 25,
     METRIC_ACC_NORM, true, eval_make_arc, NULL, NULL, NULL},
    {"hellaswag", "hellaswag", "HellaSwag", "Rowan/hellaswag", "activity_label, ctx_a, ctx_b, endings, label", 10,
     METRIC_ACC_NORM, true, eval_make_hellaswag, NULL, NULL, NULL},
    {"mmlu", "mmlu", "MMLU", "cais/mmlu", "question, subject, choices, answer", 5, METRIC_ACC, true, eval_make_mmlu,
     NULL, NULL, NULL},
    {"truthfulqa_mc1", "truthfulqa", "TruthfulQA (mc1)", "truthfulqa/truthful_qa",
     "question, mc1_targets {choices, labels}", 0, METRIC_MC1, false, eval_make_mc1, NULL, NULL, NULL},
    {"truthfulqa_mc2", "truthfulqa", "TruthfulQA (mc2)", "truthfulqa/truthful_qa",
     "question, mc2_targets {choices, labels}", 0, METRIC_MC2, true, eval_make_mc2, NULL, NULL, NULL},
    {"piqa", "piqa", "PIQA", "baber/piqa", "goal, sol1, sol2, label", 0, METRIC_ACC_NORM, false, eval_make_piqa, NULL,
     NULL, NULL},
    {"siqa", "siqa", "SIQA", "lighteval/siqa", "context, question, answerA, answerB, answerC, label", 0, METRIC_ACC,
     false, eval_make_siqa, NULL, NULL, NULL},
    {"openbookqa", "openbookqa", "OpenBookQA", "allenai/openbookqa", "question_stem, choices {text, label}, answerKey",
     0, METRIC_ACC_NORM, false, eval_make_openbookqa, NULL, NULL, NULL},
    {"winogrande", "winogrande", "WinoGrande", "allenai/winogrande", "sentence, option1, option2, answer", 5,
     METRIC_ACC, false, eval_make_winogrande, NULL, NULL, NULL},
    {"race", "race", "RACE", "EleutherAI/race", "article, problems", 0, METRIC_ACC, false, eval_make_race, NULL, NULL,
     NULL},
    {"boolq", "boolq", "BoolQ", "aps/super_glue", "passage, question, label", 0, METRIC_ACC, false, eval_make_boolq,
     NULL, NULL, NULL},
    {"triviaqa", "triviaqa", "TriviaQA", "mandarjoshi/trivia_qa", "question, answer {value, aliases}", 0, METRIC_EXACT,
     false, eval_make_triviaqa, &write_trivia, NULL, NULL},
    {"nq_open", "nq_open", "Natural Questions", "google-research-datasets/nq_open", "question, answer [...]", 0,
     METRIC_EXACT, false, eval_make_nq_open, &write_nq, NULL, "\n"},
    {"gsm8k", "gsm8k", "GSM8K", "openai/gsm8k", "question, answer", 5, METRIC_EXACT, false, eval_make_gsm8k,
     &write_gsm8k, NULL, NULL},
    {"humaneval", "humaneval", "HumanEval", "openai/openai_humaneval", "task_id, prompt, test, entry_point", 0,
     METRIC_PASS, false, eval_make_humaneval, &write_humaneval, NULL, NULL},
    {"mbpp", "mbpp", "MBPP", "google-research-datasets/mbpp", "task_id, text, code, test_list", 3, METRIC_PASS, false,
     eval_make_mbpp, &write_mbpp, "", NULL},
    {0},
};

static int fold(char c)
{
    return c == '-' ? '_' : tolower((unsigned char)c);
}

const struct eval_task *eval_task_find(const char *name)
{
    for (const struct eval_task *t = eval_tasks; t->name != NULL; t++) {
        size_t i = 0;
        while (t->name[i] != '\0' && fold(name[i]) == t->name[i])
            i++;
        if (t->name[i] == '\0' && name[i] == '\0')
            return t;
    }
    return NULL;
}

const char *eval_metric_name(enum eval_metric metric)
{
    static const char *const names[] = {[METRIC_ACC] = "acc", [METRIC_ACC_NORM] = "acc_norm", [METRIC_MC1] = "mc1",
                                        [METRIC_MC2] = "mc2", [METRIC_EXACT] = "exact_match", [METRIC_PASS] = "pass@1"};
    return names[metric];
}

const char *eval_second_name(const struct eval_task *task)
{
    if (task->metric == METRIC_ACC_NORM)
        return "acc";
    return task->writing == &write_gsm8k ? "flexible" : NULL;
}
