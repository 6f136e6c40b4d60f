/* What the exporters share: a writer that hands bytes to the caller's sink and remembers a refusal. */
#ifndef PALAVER_HISTORY_PORT_EXPORT_H
#define PALAVER_HISTORY_PORT_EXPORT_H

#include <jansson.h>

#include "history/db.h"

struct export {
    struct store *s;
    store_sink *sink;
    void *context;
    bool refused;
};

void export_bytes(struct export *x, const char *bytes, size_t size);
void export_text(struct export *x, const char *text);
void export_json_value(struct export *x, const json_t *value);

/* Each exporter writes whole conversations. */
enum error_code export_json_begin(struct export *x, bool all, struct error *err);
enum error_code export_json(struct export *x, int64_t conversation, bool first, struct error *err);
void export_json_end(struct export *x);
enum error_code export_readable(struct export *x, enum store_format format, int64_t conversation, bool first,
                                struct error *err);
void export_html_begin(struct export *x);
void export_html_end(struct export *x);

#endif
