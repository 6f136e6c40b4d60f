/* Lines: a rendering while it is built, line by line; for render.c and what it uses.
 *
 * Text on its way to the screen is a stretch: bytes, each with its style and where in the message it came from. What stands
 * before every line (a quote's bar, a list's indent) is a stack of margins. */
#ifndef PALAVER_UI_TEXT_LINES_H
#define PALAVER_UI_TEXT_LINES_H

#include "ui/text/render.h"

struct stretch {
    char *text;
    uint32_t *source; /* RENDER_NO_SOURCE: came from nowhere */
    uint16_t *style;
    size_t n, capacity;
    bool failed;      /* no memory: what was added since is missing */
};
/* Adds bytes; the first came from source, the others from the bytes behind it. */
void stretch_add(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style);
/* Adds bytes of cleaned text with the origin of each; what was made visible gets STYLE_CONTROL, and what has no origin, for
 * it was only put there for Markdown, is left out. */
void stretch_add_clean(struct stretch *s, const char *text, size_t size, const uint32_t *origin, uint16_t style);
void stretch_free(struct stretch *s);

enum { MARGINS_MOST = 32 };
struct margin {
    char first[24];  /* before the first line: a bullet */
    char rest[8];    /* before each other one, repeated up to columns */
    int columns;
    uint16_t style;
    bool begun;      /* the first line was written */
};
struct lines {
    struct rendering *out;
    const struct render_options *options;
    struct margin margins[MARGINS_MOST];
    int n_margins;
    int too_deep;    /* margins that found no room and are not shown */
    int indent;      /* columns of all margins */
    int column;      /* of the line that is being written, behind its margins */
    int32_t block;   /* the code block that lines belong to, or -1 */
    bool failed;
};
/* Margins nest; each push needs its pop. */
void lines_push(struct lines *l, const char *first, const char *rest, uint16_t style);
void lines_pop(struct lines *l);
/* The columns between the margins and the edge. */
int lines_width(const struct lines *l);

/* A line is begun, filled and ended; lines_wrap writes as many as text[from..to) of a stretch takes. */
void lines_begin(struct lines *l);
void lines_put(struct lines *l, const char *text, uint16_t style);
void lines_put_stretch(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* The same n times. */
void lines_repeat(struct lines *l, const char *text, int n, uint16_t style);
/* Blanks up to a column. */
void lines_pad(struct lines *l, int column, uint16_t style);
void lines_end(struct lines *l);
void lines_wrap(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* Code: as lines_wrap, but what is too long goes on where it must and no blank is left out. */
void lines_wrap_code(struct lines *l, const struct stretch *s, size_t from, size_t to);
/* An empty line, with the margins that have begun. */
void lines_blank(struct lines *l);
/* Begins a code block that the next lines belong to, until l->block is -1 again. */
void lines_begin_block(struct lines *l, const char *language, size_t size);
/* Gives lines without a source the one of the next; size is the message's. */
void lines_finish(struct lines *l, uint32_t size);

#endif
