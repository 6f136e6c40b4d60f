/* Marked: what is done to all conversations that are marked in the list. */
#ifndef PALAVER_APP_SCREEN_MARKED_H
#define PALAVER_APP_SCREEN_MARKED_H

#include <stddef.h>
#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* Runs /marked: "delete", "archive", "tag TAG...", "export FILE". */
void screen_marked_run(struct screen *s, const char *arguments, struct error *err);

#endif
