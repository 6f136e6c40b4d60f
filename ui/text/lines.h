/* Lines: a rendering while it is built, line by line; for render.c and what it uses.
 *
 * Text on its way to the screen is a stretch: bytes, each with its style and its place in the message. What precedes
 * every line (the bar of a quote, the indent of a list) is a stack of margins. */
#ifndef PALAVER_UI_TEXT_LINES_H
#define PALAVER_UI_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/text/render.h"

struct stretch {
    char *text;
    uint32_t *source; /* RENDER_NO_SOURCE: not from the message */
    uint16_t *style;
    size_t n, capacity;
    bool failed;      /* out of memory: what was added since is missing */
};
/* Adds bytes; the first came from source, the others from the bytes after it. */
void stretch_add(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style);
/* Adds bytes of clean text with the origin of each. What text_clean made visible gets STYLE_CONTROL; bytes without an
 * origin, which were added for Markdown only, are left out. */
void stretch_add_clean(struct stretch *s, const char *text, size_t size, const uint32_t *origin, uint16_t style);
void stretch_free(struct stretch *s);

enum { MARGINS_MOST = 32 };
struct margin {
    char first[24];  /* before the first line, e.g. a bullet */
    char rest[8];    /* before each other line, filled up with blanks to columns */
    int columns;
    uint16_t style;
    bool begun;      /* the first line was written */
};
struct lines {
    struct rendering *out;
    const struct render_options *options;
    struct margin margins[MARGINS_MOST];
    int n_margins;
    int too_deep;    /* margins for which there was no room */
    int indent;      /* columns of all margins */
    int column;      /* of the line being written, from the end of its margins */
    int32_t block;   /* the code block that lines belong to, or -1 */
    bool failed;
};
/* Margins nest; each push needs a pop. */
void lines_push(struct lines *l, const char *first, const char *rest, uint16_t style);
void lines_pop(struct lines *l);
/* The columns between the margins and the right edge. */
int lines_width(const struct lines *l);

/* A line is begun, filled and ended; lines_wrap writes as many lines as bytes [from, to) of a stretch take. */
void lines_begin(struct lines *l);
void lines_put(struct lines *l, const char *text, uint16_t style);
void lines_put_stretch(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* The same text n times. */
void lines_repeat(struct lines *l, const char *text, int n, uint16_t style);
/* Blanks up to a column. */
void lines_pad(struct lines *l, int column, uint16_t style);
void lines_end(struct lines *l);
void lines_wrap(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* As lines_wrap, for a line of code: it is broken at the edge and no blank is left out. */
void lines_wrap_code(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* An empty line, with the margins that have begun. */
void lines_blank(struct lines *l);
/* Begins a code block that the next lines belong to, until l->block is -1 again. */
void lines_begin_block(struct lines *l, const char *language, size_t size);
/* Gives lines without a source that of the next line; size is the size of the message. */
void lines_finish(struct lines *l, uint32_t size);

#endif
