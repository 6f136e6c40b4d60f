/* Tree: the open conversation as a map of its branches. */
#ifndef PALAVER_APP_SCREEN_TREE_H
#define PALAVER_APP_SCREEN_TREE_H

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_tree *screen_tree_new(void);
void screen_tree_free(struct screen_tree *tree);

void screen_tree_open(struct screen *s, struct error *err);
/* Shows what two branches have after they part, side by side. */
void screen_tree_compare(struct screen *s, int64_t a, int64_t b, struct error *err);
/* Whether that is shown; going to the end of side 0 or 1, and closing it. */
bool screen_tree_compares(const struct screen *s);
void screen_tree_keep(struct screen *s, size_t side, struct error *err);
void screen_tree_leave(struct screen *s);

#endif
