/* Page: a rendering while it is built, line by line; for render.c and what it uses.
 *
 * Text on its way to the screen is a stretch: bytes, each with its style and its place in the message. What precedes
 * every line (the bar of a quote, the indent of a list) is a stack of margins. */
#ifndef PALAVER_UI_TEXT_PAGE_H
#define PALAVER_UI_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/text/render.h"

/* In place of a link's number: what stands here is none, though it looks like one. */
enum { STRETCH_NO_LINK = UINT16_MAX };
struct stretch {
    char *text;
    uint32_t *source; /* RENDER_NO_SOURCE: not from the message */
    uint16_t *style;
    uint16_t *link; /* the number of the link it belongs to, see page_add_link; 0: none */
    size_t n, capacity;
    uint16_t linked; /* the link of what is added */
    bool failed;     /* out of memory: what was added since is missing */
};
/* Adds bytes; the first came from source, the others from the bytes after it. */
void stretch_add(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style);
/* Adds bytes that stand all for the one place. */
void stretch_add_whole(struct stretch *s, const char *text, size_t size, uint32_t source, uint16_t style);
/* Adds bytes of clean text with the origin of each. What text_clean made visible gets STYLE_CONTROL; bytes without an
 * origin, which were added for Markdown only, are left out. */
void stretch_add_clean(struct stretch *s, const char *text, size_t size, const uint32_t *origin, uint16_t style);
/* Adds bytes [from, to) of another. */
void stretch_copy(struct stretch *s, const struct stretch *other, size_t from, size_t to);
void stretch_free(struct stretch *s);

enum { MARGINS_MOST = 32 };
struct margin {
    char first[24]; /* before the first line, e.g. a bullet */
    char rest[8];   /* before each other line, filled up with blanks to columns */
    int columns;
    uint16_t style;
    bool begun; /* the first line was written */
};
struct page {
    struct rendering *out;
    const struct render_options *options;
    struct margin margins[MARGINS_MOST];
    int n_margins;
    int too_deep;  /* margins for which there was no room */
    int indent;    /* columns of all margins */
    int column;    /* of the line being written, from the end of its margins */
    int32_t block; /* the code block that lines belong to, or -1 */
    uint16_t link; /* that spans get */
    bool failed;
};
/* Margins nest; each push needs a pop. */
void page_push(struct page *l, const char *first, const char *rest, uint16_t style);
void page_pop(struct page *l);
/* The columns between the margins and the right edge. */
int page_width(const struct page *l);

/* A line is begun, filled and ended; page_wrap writes as many lines as bytes [from, to) of a stretch take. */
void page_begin_line(struct page *l);
void page_put(struct page *l, const char *text, uint16_t style);
void page_put_stretch(struct page *l, const struct stretch *s, size_t from, size_t to);
/* The same text n times. */
void page_repeat(struct page *l, const char *text, int n, uint16_t style);
/* Blanks up to a column. */
void page_pad(struct page *l, int column, uint16_t style);
void page_end_line(struct page *l);
void page_wrap(struct page *l, const struct stretch *s, size_t from, size_t to);
/* As page_wrap, for a line of code: it is broken at the edge and no blank is left out. */
void page_wrap_code(struct page *l, const struct stretch *s, size_t from, size_t to);
/* An empty line, with the margins that have begun. */
void page_blank_line(struct page *l);
/* Begins a code block that the next lines belong to, until l->block is -1 again. */
void page_begin_block(struct page *l, const char *language, size_t size);
/* Notes where a formula that is shown in another form stands in the message. */
void page_add_formula(struct page *l, uint32_t source, uint32_t end);
/* Notes the target of a link. Returns its number; 0 when it is no page's address, or one too many. */
uint16_t page_add_link(struct page *l, const char *target, size_t size);
/* Makes links of the addresses that stand in a stretch as they are written, from byte from on; what is STYLE_TEXT becomes
 * STYLE_LINK where styled. grows: more may come behind its end, so that an address there is no link yet. */
void page_link_addresses(struct page *l, struct stretch *s, size_t from, bool styled, bool grows);
/* Gives lines without a source that of the next line; size is the size of the message. */
void page_finish(struct page *l, uint32_t size);

#endif
