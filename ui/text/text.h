/* Text: how many columns text takes, and where its lines break.
 *
 * All that is drawn is measured here, so that drawing, scrolling and the mouse agree. Text is UTF-8; invalid bytes,
 * and what could command a terminal or hide itself, are made visible by text_clean first. Clusters (a base character
 * and what combines with it, an emoji family) are never divided. A cluster is as wide as its characters together by
 * wcwidth, which is how terminals draw it. */
#ifndef PALAVER_UI_TEXT_TEXT_H
#define PALAVER_UI_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { TEXT_TAB = 4 }; /* columns between tab stops */

/* Appends text[0..size) to out so that it is safe to show: C0 and C1 controls but \n (and \t) as control pictures (␛),
 * bidirectional overrides and isolates, invisible format characters and tag characters as ‹U+202E›, invalid bytes as
 * U+FFFD. "\r\n" becomes "\n"; other \r a picture. origin (may be NULL) gets, for each byte appended, its offset in
 * text. */
struct text_origin {
    uint32_t *at;
    size_t n, capacity;
};
bool text_clean(const char *text, size_t size, struct buf *out, struct text_origin *origin);
void text_origin_free(struct text_origin *origin);
/* A clean copy on one line, line breaks and tabs as blanks; malloc'ed. NULL for NULL and when out of memory. */
char *text_clean_line(const char *text);

/* The size in bytes of the cluster at the beginning of text[0..size), size > 0, and its columns; a tab counts as
 * one. */
size_t text_cluster(const char *text, size_t size, int *columns);
/* The size of the cluster that ends at offset; 0 at the beginning. */
size_t text_cluster_before(const char *text, size_t offset);
/* The columns of text without line breaks; it begins at column from, which tabs depend on. */
int text_columns(const char *text, size_t size, int from);
/* The size in bytes of the longest beginning of whole clusters that takes at most so many columns. */
size_t text_fit(const char *text, size_t size, int columns);

/* Finds the first line of text[0..size) in width >= 2 columns: *end is where it ends, without trailing blanks; returns
 * where the next line begins, size at the end. Lines break at \n, else after blanks, between CJK characters, after
 * hyphens and slashes inside long words, and anywhere inside a word too long for a line. */
size_t text_wrap(const char *text, size_t size, int width, size_t *end);

#endif
