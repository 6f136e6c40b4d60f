/* Highlight: colours for code, line by line, by one scanner and a table of languages.
 *
 * It knows words, comments, strings and numbers, not grammar: enough to find one's way in an answer, and never wrong by
 * more than a colour. */
#ifndef PALAVER_UI_TEXT_HIGHLIGHT_H
#define PALAVER_UI_TEXT_HIGHLIGHT_H

#include <stddef.h>
#include <stdint.h>

struct language;
/* What is carried from line to line; zero at the first. */
struct highlight {
    const char *until; /* what ends the comment, string or tag that we are in; NULL: in none */
    uint16_t role;     /* its style */
};

/* The language that a block's label names ("py", "C++", "Bash"); NULL when we don't know it. */
const struct language *highlight_language(const char *name, size_t size);
/* Sets style[0..size) of a line without its line break, where it is STYLE_BLOCK. */
void highlight_line(const struct language *language, struct highlight *h, const char *text, size_t size, uint16_t *style);

#endif
