/* Sliders: the numbers of the settings pane. A slider's ends are those that users need; a value may lie outside. */
#ifndef PALAVER_APP_SCREEN_SLIDERS_H
#define PALAVER_APP_SCREEN_SLIDERS_H

#include <stdbool.h>

#include "engine/engine.h"

double slider_value(const struct sampling *sampling, const struct sampling_field *field);
bool slider_exists(const struct sampling_field *field);
/* Where the value is, 0 to 1; -1 for a field without a slider. */
double slider_position(const struct sampling_field *field, double value);
/* The value at a position, on the grid of steps. */
double slider_at(const struct sampling_field *field, double position);
/* The value some steps further, on the grid and within the field's range. */
double slider_step(const struct sampling_field *field, double value, int steps);

#endif
