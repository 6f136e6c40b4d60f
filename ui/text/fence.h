/* Fence: which lines of a text are code, by the ``` and ~~~ around them. */
#ifndef PALAVER_UI_TEXT_FENCE_H
#define PALAVER_UI_TEXT_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Zero before the first line. */
struct fence {
    char c;        /* what the open block's fence is made of, NUL: none is open */
    size_t length;
};
/* Takes the next line, with or without its break. Returns whether it is of a code block, its fences among it. */
bool fence_line(struct fence *f, const char *line, size_t size);

#endif
