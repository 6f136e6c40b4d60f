/* Composer lines: the composer's text as bytes, and where its lines begin at one width.
 *
 * Lines are laid out as far as somebody asks, and a change lays out again only from a few lines before it to where the old
 * lines fit again, so that a key costs the same behind ten megabytes as behind ten bytes. */
#ifndef PALAVER_UI_PANES_COMPOSER_LINES_H
#define PALAVER_UI_PANES_COMPOSER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/buf.h"

struct lines {
    struct buf text, before; /* before: what it was before the last change */
    size_t cursor;
    size_t version;          /* counts the changes of the text */
    int columns;             /* of the layout */
    size_t *starts;          /* starts[0] is 0 */
    size_t n, capacity;
    bool whole;              /* the layout reaches the end */
};

void lines_init(struct lines *l);
void lines_free(struct lines *l);
/* The text of wide characters [0..n) in place of what there is; false without memory. */
bool lines_set(struct lines *l, const wchar_t *text, size_t n, size_t cursor);

int lines_count(struct lines *l, int columns);
bool lines_get(struct lines *l, int columns, int line, size_t *start, size_t *end);
void lines_where(struct lines *l, int columns, int *line, int *column);
size_t lines_offset(struct lines *l, int columns, int line, int column);

#endif
