/* Internals of the transcript: its parts. transcript.c makes them, transcript-draw.c draws what they hold. */
#ifndef PALAVER_UI_PANES_TRANSCRIPT_INTERNAL_H
#define PALAVER_UI_PANES_TRANSCRIPT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/draw/canvas.h"
#include "ui/panes/matches.h"
#include "ui/panes/message-lines.h"
#include "ui/panes/transcript.h"
#include "ui/panes/welcome.h"

/* Columns left and right of the text. */
enum { TRANSCRIPT_INDENT = 2, TRANSCRIPT_MARGIN = 1 };

struct transcript {
    struct messages *messages;
    struct message_lines *lines;
    struct view *view;
    struct matches *matches;
    struct lens_cursor *lens;
    struct selection *selection;
    struct welcome *welcome;
    bool centred;
    int widest;   /* columns of text; 0: all there are */
    size_t drawn; /* behind the last message that was drawn; transcript-draw.c's */
    size_t code;  /* the code block that is copied next, from 0; transcript.c's */
};

/* Where messages stand in the pane's area: their margin is its left edge. */
struct area transcript_column(const struct transcript *t, const struct area *a);
void transcript_draw(void *pane, struct canvas *s, const struct area *a, bool focus);

#endif
