/* Compare: answers to one question side by side, what differs between them marked. */
#ifndef PALAVER_UI_PANES_COMPARE_H
#define PALAVER_UI_PANES_COMPARE_H

#include "ui/keys/key.h"
#include "ui/draw/canvas.h"
#include "ui/ui.h"

struct compare_view;

struct compare_view *compare_new(void);
void compare_free(struct compare_view *v);
/* Texts are copied, made safe. */
void compare_set(struct compare_view *v, const char *title, const struct ui_compared *sides, size_t n);
void compare_draw(struct compare_view *v, struct canvas *s, const struct area *a);

enum compare_result { COMPARE_NOTHING, COMPARE_KEEP, COMPARE_STOP };
enum compare_result compare_key(struct compare_view *v, const struct key *key);
void compare_scroll(struct compare_view *v, int lines);
size_t compare_chosen(const struct compare_view *v);

/* Sets different[0..size) to 1 for the bytes of words of text that a common sequence of words with other leaves out, to 0
 * for the rest. Longest common subsequence by dynamic programming; past COMPARE_WORDS words that differ all do. */
enum { COMPARE_WORDS = 1000 };
void compare_words(const char *text, size_t size, const char *other, size_t other_size, unsigned char *different);

#endif
