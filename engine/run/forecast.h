/* Forecasts: what a model will take, before it is run. */
#ifndef PALAVER_ENGINE_RUN_FORECAST_H
#define PALAVER_ENGINE_RUN_FORECAST_H

#include "engine/engine.h"
#include "engine/kernels/layer.h"

/* The options with what is 0 filled in; options may be NULL. */
struct session_options forecast_options(const struct model *model, const struct session_options *options);

/* What the elements of the cache are. */
enum kv_type forecast_cache(const struct session_options *o);

#endif
