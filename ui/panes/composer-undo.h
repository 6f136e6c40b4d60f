/* Composer undo: earlier texts, for emacs mode, where libedit keeps none. The oldest are dropped when there are too
 * many. */
#ifndef PALAVER_UI_PANES_COMPOSER_UNDO_H
#define PALAVER_UI_PANES_COMPOSER_UNDO_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/composer-edit.h"

enum { UNDO_MOST = 100, UNDO_BYTES_MOST = 64 << 20 };

struct undo {
    struct edit_copy texts[UNDO_MOST];
    size_t n, bytes; /* bytes: of all texts */
};

/* Keeps a copy of the copy. When out of memory there is one step less to undo. */
void undo_push(struct undo *u, const struct edit_copy *copy);
/* Removes the newest; the caller frees out->text. False when there is none. */
bool undo_pop(struct undo *u, struct edit_copy *out);
void undo_clear(struct undo *u);

#endif
