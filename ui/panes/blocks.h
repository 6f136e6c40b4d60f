/* Blocks: a page to read, of pieces of text of which some stand side by side. For sheets. */
#ifndef PALAVER_UI_PANES_BLOCKS_H
#define PALAVER_UI_PANES_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/draw/canvas.h"
#include "ui/keys/key.h"
#include "ui/ui.h"

struct blocks;

/* NULL when out of memory. */
struct blocks *blocks_new(void);
void blocks_free(struct blocks *b);
/* Copies the pieces, as many as there is memory for; n 0 empties the page. The page stays where it is scrolled to. */
void blocks_set(struct blocks *b, const struct ui_block *list, size_t n);
bool blocks_is_empty(const struct blocks *b);
/* Back to the first line. */
void blocks_rewind(struct blocks *b);

void blocks_draw(struct blocks *b, struct canvas *s, const struct area *a);
/* A key or a turn of the wheel that scrolls: false when it is of no use. */
bool blocks_key(struct blocks *b, const struct key *key);
bool blocks_mouse(struct blocks *b, const struct key *key);

#endif
