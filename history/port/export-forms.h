/* The forms of export, one file each. What stands around all conversations is written by _begin and _end. */
#ifndef PALAVER_HISTORY_PORT_EXPORT_FORMS_H
#define PALAVER_HISTORY_PORT_EXPORT_FORMS_H

#include <stdbool.h>

#include "history/history.h"
#include "history/port/export-writer.h"

/* all: with personas and presets. */
enum error_code export_json_begin(struct export *x, bool all, struct error *err);
enum error_code export_json(struct export *x, int64_t conversation, bool first, struct error *err);
void export_json_end(struct export *x);
/* The current path as Markdown, plain text or HTML. */
enum error_code export_readable(struct export *x, enum store_format format, int64_t conversation, bool first,
                                struct error *err);
/* Whether a conversation is one text; its system message stands in front of it. */
bool export_is_one_text(const struct store_conversation *c);
void export_html_begin(struct export *x);
void export_html_end(struct export *x);

#endif
