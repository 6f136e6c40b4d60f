/* Expressions, worked out. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_EVAL_H
#define PALAVER_ENGINE_JINJA_EVAL_H

#include "engine/jinja/node.h"

struct jvalue jeval(struct jrun *r, const struct jnode *node);
/* The filters of an N_FILTER chain applied to text, which stands where the chain begins with nothing. */
struct jvalue jeval_filtered(struct jrun *r, const struct jnode *filters, struct jvalue text);
/* Calls a macro, function or the like, with one more named argument unless extra is NULL. */
struct jvalue jeval_call(struct jrun *r, const struct jnode *node, const struct jnamed *extra);

#endif
