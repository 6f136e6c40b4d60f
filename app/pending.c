/* Stand-ins until the engine brings these. */
#include <stdlib.h>

#include "engine/engine.h"

__attribute__((weak)) struct sampling sampling_defaults(void)
{
    return (struct sampling){.temperature = 0.8f, .max_new_tokens = -1};
}

__attribute__((weak)) enum error_code sampling_set(struct sampling *s, const char *name, const char *value,
                                                   struct error *err)
{
    (void)s;
    (void)value;
    return error_set(err, ERR_UNSUPPORTED, "%s is not there yet", name);
}

__attribute__((weak)) void sampling_get(const struct sampling *s, const struct sampling_field *field, char *out,
                                        size_t size)
{
    (void)s;
    (void)field;
    if (size > 0)
        *out = '\0';
}

__attribute__((weak)) const struct sampling_field *sampling_field(const char *name)
{
    (void)name;
    return NULL;
}
