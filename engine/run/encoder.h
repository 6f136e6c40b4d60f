/* What forecast.c asks of the encoder; engine.h declares the rest. */
#ifndef PALAVER_ENGINE_RUN_ENCODER_H
#define PALAVER_ENGINE_RUN_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/model/model.h"

/* Bytes of an encoder's work buffers, with one thread per core. */
uint64_t encoder_bytes(const struct model *model, bool exact);

#endif
