/* Composer lines: the composer's text as bytes that are shown, and where its lines begin at one width.
 *
 * Lines are laid out only as far as they are asked for, and a change lays out again only from a few lines before it to
 * where the old lines fit again, so that a key costs the same after ten megabytes as after ten bytes. */
#ifndef PALAVER_UI_PANES_COMPOSER_LINES_H
#define PALAVER_UI_PANES_COMPOSER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/buf.h"
#include "ui/panes/composer-pastes.h"

struct typed_lines {
    struct buf text, before; /* before: the text before the last change */
    size_t cursor;           /* byte offset */
    int columns;             /* of the layout */
    size_t *starts;          /* (n): the byte at which each line begins; starts[0] is 0 */
    size_t n, capacity;
    bool whole; /* the layout reaches the end */
};

void typed_lines_init(struct typed_lines *l);
void typed_lines_free(struct typed_lines *l);
/* Replaces the text by wide characters text[0..n), the cursor before character `cursor`; pasted texts stand as their
 * labels. False when out of memory; the text is unchanged then. */
bool typed_lines_set(struct typed_lines *l, const struct pastes *pastes, const wchar_t *text, size_t n, size_t cursor);

/* The questions of composer.h: see there. */
int typed_lines_count(struct typed_lines *l, int columns);
bool typed_lines_get(struct typed_lines *l, int columns, int line, size_t *start, size_t *end);
void typed_lines_where(struct typed_lines *l, int columns, int *line, int *column);
size_t typed_lines_offset(struct typed_lines *l, int columns, int line, int column);

#endif
