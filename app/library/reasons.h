/* Reasons: why a candidate of a token record could not be chosen, as the history numbers it. */
#ifndef PALAVER_APP_LIBRARY_REASONS_H
#define PALAVER_APP_LIBRARY_REASONS_H

#include <stdint.h>

#include "engine/engine.h"

/* The number under which the history stores that this stage removed a candidate; 0: none did, or it has no number. */
uint8_t reason_number(enum sampler_stage removed_by);
/* The setting that removed a candidate, by its store_candidate.removed_by. Static; NULL when unknown. */
const char *reason_name(uint8_t number);

#endif
