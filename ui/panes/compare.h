/* Compare: answers to one question side by side, and where they part. */
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

/* Sets marks[0..size): where text parts from other, and what it has of its own from there until both go on alike. That
 * is found word by word, as a longest common subsequence, by dynamic programming; one or two words in common between
 * others are chance and no going on. After COMPARE_WORDS words, all are different. */
enum { COMPARE_WORDS = 1000 };
enum compare_mark { COMPARE_SAME, COMPARE_DIFFERENT, COMPARE_PARTS /* the first word of a different stretch */ };
void compare_words(const char *text, size_t size, const char *other, size_t other_size, unsigned char *marks);

#endif
