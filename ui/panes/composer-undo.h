/* Composer undo: earlier texts, for emacs mode, where libedit keeps none. The oldest are dropped when there are too
 * many. */
#ifndef PALAVER_UI_PANES_COMPOSER_UNDO_H
#define PALAVER_UI_PANES_COMPOSER_UNDO_H

#include <stdbool.h>
#include <stddef.h>

enum { UNDO_MOST = 100, UNDO_BYTES_MOST = 64 << 20 };

struct undo {
    struct undo_text {
        char *text;
        size_t size, cursor;
    } texts[UNDO_MOST];
    size_t n, bytes; /* bytes: of all texts */
};

/* Keeps a copy. When out of memory there is one step less to undo. */
void undo_push(struct undo *u, const char *text, size_t size, size_t cursor);
/* Removes the newest; the caller frees out->text. False when there is none. */
bool undo_pop(struct undo *u, struct undo_text *out);
void undo_clear(struct undo *u);

#endif
