/* Names that every template knows: range, dict, namespace, raise_exception and so on. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_GLOBALS_H
#define PALAVER_ENGINE_JINJA_GLOBALS_H

#include "engine/jinja/run.h"

/* NULL when there is none of that name. */
const struct jroutine *jglobal_find(const char *name);
/* Calls a joiner: nothing the first time, its separator from then on. */
struct jvalue jglobal_join(struct jrun *r, struct jcycle *joiner);

#endif
