/* Statements, carried out. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_EXEC_H
#define PALAVER_ENGINE_JINJA_EXEC_H

#include "engine/jinja/node.h"

/* Carries out a body in the run's scope; text goes to the run's output. */
void jexec(struct jrun *r, const struct jnode *body);

#endif
