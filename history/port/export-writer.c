/* Export: handing bytes to the caller's sink. */
#include <config.h>

#include "history/port/export-writer.h"

#include <string.h>

#include <jansson.h>

void export_bytes(struct export *x, const char *bytes, size_t size)
{
    if (!x->refused && size > 0)
        x->refused = !x->sink(x->context, bytes, size);
}

void export_text(struct export *x, const char *text)
{
    export_bytes(x, text, strlen(text));
}

static int write_dumped(const char *bytes, size_t size, void *context)
{
    export_bytes(context, bytes, size);
    return 0;
}

void export_json_value(struct export *x, const json_t *value)
{
    json_dump_callback(value, write_dumped, x, JSON_COMPACT | JSON_REAL_PRECISION(9) | JSON_ENCODE_ANY);
}
