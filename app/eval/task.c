/* The table of tasks. */
#include <config.h>

#include "app/eval/task.h"

#include <ctype.h>
#include <stddef.h>

const struct eval_task eval_tasks[] = {
    {"arc_easy", "arc", "ARC (easy)", "allenai/ai2_arc", "question, choices {text, label}, answerKey", 0,
     METRIC_ACC_NORM, false, eval_make_arc},
    {"arc_challenge", "arc", "ARC (challenge)", "allenai/ai2_arc", "question, choices {text, label}, answerKey", 25,
     METRIC_ACC_NORM, true, eval_make_arc},
    {"hellaswag", "hellaswag", "HellaSwag", "Rowan/hellaswag", "activity_label, ctx_a, ctx_b, endings, label", 10,
     METRIC_ACC_NORM, true, eval_make_hellaswag},
    {"mmlu", "mmlu", "MMLU", "cais/mmlu", "question, subject, choices, answer", 5, METRIC_ACC, true, eval_make_mmlu},
    {"truthfulqa_mc1", "truthfulqa", "TruthfulQA (mc1)", "truthfulqa/truthful_qa",
     "question, mc1_targets {choices, labels}", 0, METRIC_MC1, false, eval_make_mc1},
    {"truthfulqa_mc2", "truthfulqa", "TruthfulQA (mc2)", "truthfulqa/truthful_qa",
     "question, mc2_targets {choices, labels}", 0, METRIC_MC2, true, eval_make_mc2},
    {"piqa", "piqa", "PIQA", "baber/piqa", "goal, sol1, sol2, label", 0, METRIC_ACC_NORM, false, eval_make_piqa},
    {"siqa", "siqa", "SIQA", "lighteval/siqa", "context, question, answerA, answerB, answerC, label", 0, METRIC_ACC,
     false, eval_make_siqa},
    {"openbookqa", "openbookqa", "OpenBookQA", "allenai/openbookqa", "question_stem, choices {text, label}, answerKey",
     0, METRIC_ACC_NORM, false, eval_make_openbookqa},
    {"winogrande", "winogrande", "WinoGrande", "allenai/winogrande", "sentence, option1, option2, answer", 5,
     METRIC_ACC, false, eval_make_winogrande},
    {"race", "race", "RACE", "EleutherAI/race", "article, problems", 0, METRIC_ACC, false, eval_make_race},
    {"boolq", "boolq", "BoolQ", "aps/super_glue", "passage, question, label", 0, METRIC_ACC, false, eval_make_boolq},
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
    static const char *const names[] = {
        [METRIC_ACC] = "acc", [METRIC_ACC_NORM] = "acc_norm", [METRIC_MC1] = "mc1", [METRIC_MC2] = "mc2"};
    return names[metric];
}
