/* Line edit: one message typed at the terminal, by libedit.
 *
 * ~/.editrc is read, so that keys are those of other programs. A message may have several lines: Enter after a
 * backslash, Alt-Enter, and Enter inside """...""" begin a new one; pasted text is never taken for keys. While it waits
 * for keys the editor also waits for one other descriptor and for signals. */
#ifndef PALAVER_APP_LINE_EDIT_H
#define PALAVER_APP_LINE_EDIT_H

#include <stdbool.h>
#include <stdio.h>

#include "app/options/options.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"

struct line_edit;

struct line_edit_hooks {
    void *context;
    int (*watch)(void *context);  /* a descriptor to wait for too; -1: none */
    int (*due)(void *context);    /* milliseconds after which ready is called anyway; -1: never */
    bool (*ready)(void *context); /* it is readable or due; returns true if it printed, always whole lines */
    /* Candidates for the word that ends at the cursor; *start is its offset in line, which ends at the cursor. */
    void (*complete)(void *context, const char *line, struct words *candidates, size_t *start);
    void (*typed)(void *context); /* keys came */
    /* Whether a message is remembered for this run only. */
    bool (*is_untraced)(void *context, const char *text);
};

enum line_result {
    LINE_TEXT,    /* a message */
    LINE_CLEARED, /* Ctrl-C on a line that was not empty; it is in the history */
    LINE_EMPTY,   /* Ctrl-C on an empty line */
    LINE_END,     /* Ctrl-D, or the terminal is gone */
    LINE_SIGNAL,  /* SIGTERM or SIGHUP: see line_edit_signal */
};

/* signals: the descriptor of signals_open. prompt is shown before the line, in bold if color. NULL with err filled on
 * failure. hooks must outlive the result. */
struct line_edit *line_edit_open(const struct options *o, const struct line_edit_hooks *hooks, FILE *out, int signals,
                                 const char *prompt, bool color, struct error *err);
void line_edit_free(struct line_edit *e);
/* Reads a message into out. draft (may be NULL) is in the line from the beginning. *pasted: the first character was
 * pasted. */
enum line_result line_edit_read(struct line_edit *e, const char *draft, struct buf *out, bool *pasted);
/* private: messages read from now on are remembered for this run only; else in the file too. */
void line_edit_keep_private(struct line_edit *e, bool private);
/* Bytes that were typed while no message was read; they come before what is typed next. */
void line_edit_feed(struct line_edit *e, const char *bytes, size_t size);
/* The signal behind LINE_SIGNAL. */
int line_edit_signal(const struct line_edit *e);

#endif
