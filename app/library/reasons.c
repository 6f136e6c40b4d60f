/* Reasons: the numbers that stored records use. There are ten; a new stage is added at the end. */
#include <config.h>

#include "app/library/reasons.h"

/* Never reorder: the position is what lies in the database. */
static const enum sampler_stage stages[] = {
    STAGE_NONE,      STAGE_TEMPERATURE, STAGE_TOP_K,       STAGE_TOP_P, STAGE_MIN_P,
    STAGE_TYPICAL_P, STAGE_LOGIT_BIAS,  STAGE_TOP_N_SIGMA, STAGE_XTC,   STAGE_MIROSTAT,
};
enum { STAGES = sizeof stages / sizeof *stages };

uint8_t reason_number(enum sampler_stage removed_by)
{
    uint8_t number = STAGES - 1;
    while (number > 0 && stages[number] != removed_by)
        number--;
    return number;
}

const char *reason_name(uint8_t number)
{
    return number < STAGES ? sampler_stage_name(stages[number]) : NULL;
}
