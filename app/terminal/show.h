/* Show: text for a terminal or a pipe, made safe.
 *
 * Everything that comes from a model, a file or the user is written through here: control characters and escape
 * sequences become visible pictures, so that none reaches a terminal. Text written in pieces gives the same bytes as in
 * one. Notes, labels and the passing status line are drawn only on a terminal. */
#ifndef PALAVER_APP_TERMINAL_SHOW_H
#define PALAVER_APP_TERMINAL_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/options/options.h"
#include "app/terminal/fold.h"
#include "base/buf.h"
#include "base/error.h"

enum show_kind { SHOW_LINE, SHOW_NOTE, SHOW_ERROR };

struct show {
    /* If not NULL, gets lines, notes and errors, not cleaned, in place of the streams below. */
    void (*tell)(void *context, enum show_kind kind, const char *text);
    void *context;
    FILE *out;
    FILE *side;    /* for lines that are no answer: out, or standard error if out is not a terminal */
    bool terminal; /* out is one */
    bool moves;    /* a terminal that can erase a line, and no screen reader */
    bool color;
    bool labels; /* "Palaver: " before answers: for screen readers, and where no sign and no colour tells who speaks */
    bool quiet;
    bool exact;       /* text that does not go to a terminal keeps every byte; else it is cleaned there too */
    bool cr;          /* the last piece ended in a carriage return, which is not written yet */
    uint32_t last;    /* the last character written, see utf8_clean_after */
    bool midline;     /* the present line is not empty */
    bool status;      /* it holds the passing status */
    struct fold fold; /* what a model thinks before it answers */
    struct buf clean; /* the piece being written */
};

/* out stays owned by the caller. */
void show_init(struct show *s, const struct options *o, FILE *out);
void show_free(struct show *s);
/* Writes the next piece of a text, which ends with a whole character. */
void show_text(struct show *s, const char *text, size_t size);
/* Ends the text: writes what was held back, and a newline unless the line is empty. */
void show_end(struct show *s);
/* Writes a line that is no answer of a model, e.g. the result of a command. Its text is cleaned. */
void show_line(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes a remark: [ ... ], dim. Nothing when quiet. */
void show_note(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Reports an error: "palaver: ..." on standard error. */
void show_error(struct show *s, const struct error *err);
/* Writes "LABEL: " on a terminal, where labels are; otherwise nothing. */
void show_label(struct show *s, const char *label);
/* Marks a part of the stream for a terminal that can jump between them (OSC 133): 'A' a prompt begins, 'C' what follows
 * from it, 'D' that ended. Nothing on others. */
void show_part(struct show *s, char part);
/* Writes a passing line, e.g. "reading the prompt 61%", on a terminal that can erase it again. */
void show_status(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Erases it. */
void show_no_status(struct show *s);

#endif
