/* Show: text for a terminal or a pipe, made safe.
 *
 * Everything from a model, a file or a person goes through here: control characters and escape sequences become visible
 * pictures, so that none reaches a terminal. A stream of pieces gives the same bytes as the whole text at once. Notes,
 * labels and the passing status line are drawn only where somebody looks. */
#ifndef PALAVER_APP_TERMINAL_SHOW_H
#define PALAVER_APP_TERMINAL_SHOW_H

#include <stdio.h>

#include "app/terminal/fold.h"
#include "app/options/options.h"

enum show_kind { SHOW_LINE, SHOW_NOTE, SHOW_ERROR };

struct show {
    /* Takes lines, notes and errors in place of the streams below, uncleaned; NULL: they are printed. */
    void (*tell)(void *context, enum show_kind kind, const char *text);
    void *context;
    FILE *out;
    FILE *side;         /* for lines of our own: out, or standard error when out is not a terminal */
    bool terminal;      /* out is one */
    bool moves;         /* a terminal that can erase its line, for a person who sees it */
    bool color;
    bool screen_reader;
    bool quiet;
    bool cr;            /* the last piece ended in a carriage return, not shown yet */
    bool midline;       /* something stands in the present line */
    bool status;        /* the passing status stands there */
    struct fold fold;   /* what a model thinks before it answers */
    struct buf clean;   /* work space */
};

/* out stays the caller's. */
void show_init(struct show *s, const struct options *o, FILE *out);
void show_free(struct show *s);
/* The next piece of a stream, whole UTF-8 characters. */
void show_text(struct show *s, const char *text, size_t size);
/* The end of a stream: what was held back, and a line break unless the line is empty. */
void show_end(struct show *s);
/* A line of our own, e.g. an answer to a command. The text may hold anything. */
void show_line(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A remark in passing: [ ... ], dim. Not shown when quiet. */
void show_note(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What goes wrong: "palaver: ..." on standard error. */
void show_error(struct show *s, const struct error *err);
/* "You: " or "Palaver: " for who hears the screen; nothing else. */
void show_label(struct show *s, const char *label);
/* A passing line, e.g. "reading the prompt 61%", where it can be erased again. */
void show_status(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void show_no_status(struct show *s);

#endif
