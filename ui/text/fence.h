/* Fence: which lines of a text are code, by the ``` and ~~~ around them. */
#ifndef PALAVER_UI_TEXT_FENCE_H
#define PALAVER_UI_TEXT_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Zero before the first line. */
struct fence {
    char c;        /* the character of the open block's fence; NUL: none is open */
    size_t length; /* of that fence */
};
/* Takes the next line, with or without its line break. Returns whether it belongs to a code block; fences do. */
bool fence_line(struct fence *f, const char *line, size_t size);

#endif
