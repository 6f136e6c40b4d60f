/* What stands after a dot or in brackets: methods, attributes, items, as the immutable sandbox lets a template see
 * them. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_ACCESS_H
#define PALAVER_ENGINE_JINJA_ACCESS_H

#include "engine/jinja/run.h"

/* object.name: an attribute, else an item of that name, else undefined. */
struct jvalue jaccess_attribute(struct jrun *r, struct jvalue object, const char *name);
/* The attribute alone; J_ABSENT. */
struct jvalue jaccess_own(struct jrun *r, struct jvalue object, const char *name);
/* object[key]: an item, else an attribute of that name, else undefined. */
struct jvalue jaccess_item(struct jrun *r, struct jvalue object, struct jvalue key);
/* The item at "a.b.0", looked up step by step; v an integer: item v; J_ABSENT or J_NONE: object itself. */
struct jvalue jaccess_path(struct jrun *r, struct jvalue object, struct jvalue path);

/* The methods of each type; the tables end with a NULL name. */
extern const struct jroutine jmethods_text[], jmethods_list[], jmethods_dict[], jmethods_cycler[];
/* What `loop` knows of itself; J_ABSENT for another name. */
struct jvalue jloop_attribute(struct jrun *r, struct jloop *loop, const char *name);

#endif
