/* Render: a message as lines of the screen, as Markdown or as it is.
 *
 * A rendering is made again when the message grows or the width changes; a few KB of text take well under a
 * millisecond. Its sources say for every byte shown which byte of the message it came from, so that positions survive
 * a change of width, matches and token shades fall on the right places, and copied code is the code. */
#ifndef PALAVER_UI_TEXT_RENDER_H
#define PALAVER_UI_TEXT_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ui/text/style.h"

#define RENDER_NO_SOURCE UINT32_MAX

/* A stretch of a line in one style. Byte i of it came from source + i of the message, except in STYLE_CONTROL and with
 * STYLE_FORMULA, where the whole span stands for the bytes at source. Tabs are blanks already. */
struct render_span {
    uint32_t start, size; /* in rendering.text */
    uint32_t source;      /* offset in the message of its first byte; RENDER_NO_SOURCE for ornaments */
    uint16_t style;       /* style.h */
    uint16_t link;        /* the number of the link it belongs to, see rendering_link; 0: none */
};
struct render_line {
    uint32_t span, n_spans; /* spans[span..span+n_spans) */
    uint32_t source;        /* the first byte of the message on or after this line; never falls from line to line */
    int32_t block;          /* code block, -1: none */
};
/* A code block; it is copied from the message, from source to end. */
struct render_block {
    uint32_t source, end; /* its lines in the message, without fences */
    char language[24];
};
/* A formula that is not shown as it is written; it is copied from the message, with its dollars or brackets. */
struct render_formula {
    uint32_t source, end;
};
struct rendering {
    struct buf text;
    struct render_span *spans;
    struct render_line *lines;
    struct render_block *blocks;
    struct render_formula *formulas; /* in the order of the message */
    struct buf addresses;            /* of links, each with a NUL */
    uint32_t *links;                 /* where in addresses that of link i + 1 begins */
    size_t n_spans, n_lines, n_blocks, n_formulas, n_links;
    size_t spans_capacity, lines_capacity, blocks_capacity, formulas_capacity, links_capacity;
};

struct render_options {
    int width;       /* columns, at least 2 */
    bool raw;        /* no Markdown: the text itself, wrapped */
    uint16_t style;  /* of the text itself; 0: STYLE_TEXT */
    bool ascii;      /* boxes and bullets of ASCII; formulas as they are written */
    bool fold_think; /* <think>…</think> at the beginning as one line */
    bool growing;    /* more text will come: unfinished marks at the end (**bo) are taken for finished ones, or left
                         out until they are */
};
/* Renders text[0..size), which may hold anything and end inside of a construct (an open code block is shown as one).
 * out is cleared first and its memory reused; it starts as zeros. False when out of memory. */
bool render(const char *text, size_t size, const struct render_options *options, struct rendering *out);
/* Releases the memory and leaves zeros. */
void rendering_free(struct rendering *r);
/* Whether the bytes of the span stand for its source one by one. */
bool render_span_is_literal(const struct render_span *span);
/* The formula that a span with STYLE_FORMULA belongs to; NULL: there is none. */
const struct render_formula *rendering_formula(const struct rendering *r, const struct render_span *span);
/* The address of the page that a span links to, as link_clean makes them; NULL: none. */
const char *rendering_link(const struct rendering *r, const struct render_span *span);
/* The line that holds a byte of the message. */
size_t rendering_line_at(const struct rendering *r, uint32_t source);
/* Makes two spans of one, the first of this size, as the source goes on in the second. False when out of memory. */
bool rendering_split_span(struct rendering *r, size_t span, uint32_t size);
/* Inserts a line of text that is not of the message before this one. False when out of memory. */
bool rendering_insert_line(struct rendering *r, size_t line, const char *text, uint16_t style);
/* Appends the code of a block from the text that was rendered, without fences and without what a list or a quote
 * around it puts before each line. False when out of memory. */
bool rendering_copy_block(const struct rendering *r, size_t block, const char *text, struct buf *out);

#endif
