/* Inside of the transcript: transcript.c holds messages and the view, transcript-draw.c draws and selects text,
 * transcript-lens.c has the tokens. */
#ifndef PALAVER_UI_PANES_TRANSCRIPT_INTERNAL_H
#define PALAVER_UI_PANES_TRANSCRIPT_INTERNAL_H

#include "base/buf.h"
#include "ui/text/render.h"
#include "ui/panes/transcript.h"

/* A remark at the right of the line where a byte stands. */
struct mark { uint32_t at; char *text; };

struct block {
    int64_t id, time;
    enum ui_speaker speaker;
    int sibling, siblings;
    char *about;
    bool running;
    struct buf text;
    struct rendering lines;
    bool rendered, stale;
    int width; /* that lines were made for */
    struct ui_token *tokens;
    size_t n_tokens;
    bool asked; /* the program was, for tokens */
    struct mark *marks;
    size_t n_marks;
};

/* A line of a message. */
struct place_in {
    size_t block;
    int line;         /* from the first above its text */
    uint32_t source;  /* the byte of the message on it */
};

/* A character of the view, for selecting: a line and a column. */
struct point { size_t block; int line, column; };

struct transcript {
    struct block *blocks;
    size_t n, capacity;
    struct place_in top;
    bool follow;
    struct place_in left_at;  /* the end, when the view left it */
    int width, rows;          /* of the last drawing; 0: none yet */
    bool ascii, base, raw, think;
    size_t window;
    char *window_label;
    size_t selected;
    size_t code;              /* the block that is copied next */
    struct ui_match *matches;
    size_t n_matches, match;
    bool lens;
    size_t lens_block, lens_token; /* under the lens's cursor */
    bool dragging;
    struct point from, to;
};

int transcript_above(const struct transcript *t, size_t index);
/* True when a message goes on in the last line of the one before it: a base model's text is one. */
bool transcript_is_joined(const struct transcript *t, size_t index);
struct rendering *transcript_lines(struct transcript *t, size_t index);
int transcript_height(struct transcript *t, size_t index);
void transcript_forget(struct transcript *t);
void transcript_settle(struct transcript *t);
void transcript_show_line(struct transcript *t, size_t index, int line);
/* In the lens: how many of size bytes from source on have one shade, and the style of it. */
size_t transcript_shade(const struct transcript *t, size_t index, size_t source, size_t size, unsigned *style);
int transcript_new_lines(struct transcript *t);
bool transcript_at_row(struct transcript *t, int row, struct place_in *out);

#endif
