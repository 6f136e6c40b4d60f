/* Tests: value is name(arguments). Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_TESTS_H
#define PALAVER_ENGINE_JINJA_TESTS_H

#include "engine/jinja/run.h"

/* NULL when there is none of that name. A test gives a bool. */
const struct jroutine *jtest_find(const char *name);

#endif
