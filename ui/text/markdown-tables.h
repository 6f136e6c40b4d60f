/* Markdown tables: prepares tables that GitHub accepts and md4c does not.
 *
 * md4c wants three dashes in each cell of the line below a table's head, and the head at the beginning of its
 * paragraph. Answers have `|--|--|`, `|-|-|` and tables right after a line of text. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_TABLES_H
#define PALAVER_UI_TEXT_MARKDOWN_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/text/text.h"

/* Adds the missing dashes, and an empty line before a head that follows text; what is added has no origin. Bytes of
 * text past origin->n have none either; an entry past the end of text stays past its end. False when out of memory. */
bool tables_prepare(struct buf *text, struct text_origin *origin);
/* The cells of a row: line[0..size) without what a quote or a list puts before it. */
size_t tables_count_cells(const char *line, size_t size);

#endif
