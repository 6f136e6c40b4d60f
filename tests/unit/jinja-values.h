/* What Jinja templates are given in tests: values from JSON. */
#ifndef PALAVER_TESTS_UNIT_JINJA_VALUES_H
#define PALAVER_TESTS_UNIT_JINJA_VALUES_H

#include <jansson.h>

#include "engine/jinja/jinja.h"

/* The arrays that values point to. */
struct values {
    void *blocks[4096];
    size_t n;
};
void values_free(struct values *values);
/* The JSON value with strings of that origin; strings stay the JSON's. */
struct jinja_value values_of_json(struct values *values, const char *name, const json_t *json, int32_t origin);
/* The names that a chat template is given: messages, whose contents are of origin 1 and up, bos_token <s>, eos_token
 * </s>, and add_generation_prompt unless the last message is the assistant's. */
struct jinja_value values_of_chat(struct values *values, const json_t *messages);

#endif
