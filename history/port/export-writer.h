/* What the exporters share: a writer that hands bytes to the caller's sink and remembers a refusal. */
#ifndef PALAVER_HISTORY_PORT_EXPORT_WRITER_H
#define PALAVER_HISTORY_PORT_EXPORT_WRITER_H

#include <jansson.h>

#include "history/history.h"

struct export
{
    struct store *s;
    store_sink *sink;
    void *context; /* the sink's */
    bool refused;  /* the sink took no more; nothing else is written */
};

void export_bytes(struct export *x, const char *bytes, size_t size);
void export_text(struct export *x, const char *text);
/* Compact JSON; reals with 9 digits. */
void export_json_value(struct export *x, const json_t *value);

#endif
