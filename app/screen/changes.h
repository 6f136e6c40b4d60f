/* Changes: which settings were changed in the middle of an answer, as remarks where that was. While it streams they come
 * from the user's doing, afterwards from the history's record, whenever an answer comes into view: what no token was made under is gone then. */
#ifndef PALAVER_APP_SCREEN_CHANGES_H
#define PALAVER_APP_SCREEN_CHANGES_H

#include <stddef.h>

#include "app/screen/parts.h"
#include "base/error.h"

struct screen_changes;

struct screen_changes *screen_changes_new(void);
void screen_changes_free(struct screen_changes *changes);
/* An answer begins or has ended. */
void screen_changes_forget(struct screen *s);
/* The settings were these before: what differs now is remarked in the answer that streams, if one does. */
void screen_changes_mark(struct screen *s, const struct sampling *before);
/* Tells ui the remarks of message index. */
void screen_changes_show(struct screen *s, size_t index, struct error *err);

#endif
