/* Compare: answers to one question side by side, with the differences marked. */
#ifndef PALAVER_UI_PANES_COMPARE_H
#define PALAVER_UI_PANES_COMPARE_H

#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct compare_view;
extern const struct pane compare_pane;

struct compare_view *compare_new(void);
void compare_free(struct compare_view *v);
/* Replaces the answers by clean copies of the first UI_COMPARED. n 0: forgets all, the scrolling too. */
void compare_set(struct compare_view *v, const char *title, const struct ui_compared *sides, size_t n);

/* Sets different[0..size) to 1 for the bytes of those words of text that are not part of a longest common subsequence
 * of words with other, to 0 for the rest; by dynamic programming. After COMPARE_WORDS words, all words count as
 * different. */
enum { COMPARE_WORDS = 1000 };
void compare_words(const char *text, size_t size, const char *other, size_t other_size, unsigned char *different);

#endif
