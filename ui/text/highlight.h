/* Highlight: colours for code, line by line, by one scanner and a table of languages.
 *
 * It knows words, comments, strings and numbers, but no grammar: enough to help a reader, and its mistakes cost no
 * more than a wrong colour. */
#ifndef PALAVER_UI_TEXT_HIGHLIGHT_H
#define PALAVER_UI_TEXT_HIGHLIGHT_H

#include <stddef.h>
#include <stdint.h>

struct language;
/* What is carried from line to line; zero before the first. */
struct highlight {
    const char *until; /* what ends the open comment, string or tag; NULL: none is open */
    uint16_t role;     /* its style */
};

/* The language that a block's label names ("py", "C++", "Bash"); NULL when it is unknown. */
const struct language *highlight_language(const char *name, size_t size);
/* Sets style[0..size) of a line without its line break, where it is STYLE_BLOCK. */
void highlight_line(const struct language *language, struct highlight *h, const char *text, size_t size,
                    uint16_t *style);

#endif
