/* Filters: value | name(arguments). Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_FILTERS_H
#define PALAVER_ENGINE_JINJA_FILTERS_H

#include "engine/jinja/run.h"

/* NULL when there is none of that name. */
const struct jroutine *jfilter_find(const char *name);

/* The tables by kind, each ended by a NULL name. */
extern const struct jroutine jfilters_text[], jfilters_row[], jfilters_value[];

#endif
