/* Operators on values of any kind. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_OPERATE_H
#define PALAVER_ENGINE_JINJA_OPERATE_H

#include "engine/jinja/value.h"

/* a op b, as Python does it; op as jnumber_operate takes it, but for % of a string (see format.h). */
struct jvalue joperate(struct jheap *h, char op, struct jvalue a, struct jvalue b);
/* Two texts in a row; where one of them is marked as HTML, the other is escaped. */
struct jtext *joperate_join(struct jheap *h, struct jtext *a, struct jtext *b);
/* t n times. */
struct jtext *joperate_repeat(struct jheap *h, struct jtext *t, int64_t n);
/* list[from:to:step], each J_NONE where nothing is given; also of strings, tuples and ranges. */
struct jvalue joperate_slice(struct jheap *h, struct jvalue v, struct jvalue from, struct jvalue to,
                             struct jvalue step);

#endif
