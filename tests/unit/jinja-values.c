/* Values for Jinja templates, from JSON. */
#include "config.h"

#include "tests/unit/jinja-values.h"

#include <stdlib.h>
#include <string.h>

static struct jinja_value *new_block(struct values *values, size_t n)
{
    struct jinja_value *block = calloc(n + 1, sizeof *block);
    if (block == NULL || values->n == sizeof values->blocks / sizeof *values->blocks)
        abort();
    values->blocks[values->n++] = block;
    return block;
}

void values_free(struct values *values)
{
    while (values->n > 0)
        free(values->blocks[--values->n]);
}

static void fill_array(struct values *values, struct jinja_value *v, const json_t *json, int32_t origin)
{
    v->kind = JINJA_LIST;
    v->n = json_array_size(json);
    struct jinja_value *items = new_block(values, v->n);
    for (size_t i = 0; i < v->n; i++)
        items[i] = values_of_json(values, NULL, json_array_get(json, i), origin);
    v->items = items;
}

static void fill_object(struct values *values, struct jinja_value *v, const json_t *json, int32_t origin)
{
    const char *key;
    json_t *value;
    size_t i = 0;
    v->kind = JINJA_DICT;
    v->n = json_object_size(json);
    struct jinja_value *items = new_block(values, v->n);
    json_object_foreach((json_t *)json, key, value)
        items[i++] = values_of_json(values, key, value, origin);
    v->items = items;
}

struct jinja_value values_of_json(struct values *values, const char *name, const json_t *json, int32_t origin)
{
    struct jinja_value v = {.name = name, .origin = origin};
    switch (json_typeof(json)) {
    case JSON_NULL: v.kind = JINJA_NONE; break;
    case JSON_TRUE:
    case JSON_FALSE:
        v.kind = JINJA_BOOL;
        v.truth = json_is_true(json);
        break;
    case JSON_INTEGER:
        v.kind = JINJA_INT;
        v.integer = json_integer_value(json);
        break;
    case JSON_REAL:
        v.kind = JINJA_FLOAT;
        v.real = json_real_value(json);
        break;
    case JSON_STRING:
        v.kind = JINJA_STRING;
        v.bytes = json_string_value(json);
        v.size = json_string_length(json);
        break;
    case JSON_ARRAY: fill_array(values, &v, json, origin); break;
    case JSON_OBJECT: fill_object(values, &v, json, origin); break;
    }
    return v;
}

static struct jinja_value token(const char *name, const char *text)
{
    return (struct jinja_value){.name = name, .kind = JINJA_STRING, .bytes = text, .size = strlen(text)};
}

struct jinja_value values_of_chat(struct values *values, const json_t *messages)
{
    struct jinja_value *names = new_block(values, 4), *list = new_block(values, json_array_size(messages));
    const char *last = "";
    const json_t *m;
    size_t i;
    json_array_foreach(messages, i, m) {
        list[i] = values_of_json(values, NULL, m, (int32_t)i + 1);
        for (size_t k = 0; k < list[i].n; k++) /* the role is no text of the message's */
            if (strcmp(list[i].items[k].name, "role") == 0)
                ((struct jinja_value *)list[i].items)[k].origin = 0;
        last = json_string_value(json_object_get(m, "role"));
    }
    names[0] = (struct jinja_value){.name = "messages", .kind = JINJA_LIST, .items = list, .n = i};
    names[1] = token("bos_token", "<s>");
    names[2] = token("eos_token", "</s>");
    names[3] = (struct jinja_value){.name = "add_generation_prompt",
                                    .kind = JINJA_BOOL,
                                    .truth = strcmp(last, "assistant") != 0};
    return (struct jinja_value){.kind = JINJA_DICT, .items = names, .n = 4};
}
