/* Copy: text to the clipboard. */
#ifndef PALAVER_APP_SCREEN_COPY_H
#define PALAVER_APP_SCREEN_COPY_H

#include <stddef.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* Copies text[0..size) and says how; what names it: "message". */
void screen_copy_text(struct screen *s, const char *text, size_t size, const char *what);
/* Copies the last answer. */
void screen_copy_answer(struct screen *s, struct error *err);

#endif
