/* Python's two ways of formatting: "%s" % value and "{}".format(value). Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_FORMAT_H
#define PALAVER_ENGINE_JINJA_FORMAT_H

#include "engine/jinja/run.h"

/* format % values: values a tuple, a dict for %(name)s, or one value. */
struct jtext *jformat_percent(struct jheap *h, struct jtext *format, struct jvalue values);
/* format.format(...) */
struct jvalue jformat_braces(struct jrun *r, struct jvalue format, const struct jargs *args);

#endif
