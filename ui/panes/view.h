/* View: which lines of the transcript are on the screen, and the message that keys act on.
 *
 * The view stays on the line that it shows, whatever arrives below and whatever the width becomes, unless it follows
 * the end. Before the first drawing nothing is known of lines: most calls do nothing then. */
#ifndef PALAVER_UI_PANES_VIEW_H
#define PALAVER_UI_PANES_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/panes/message-lines.h"
#include "ui/panes/messages.h"

struct view;

/* A line of the transcript. */
struct view_line {
    size_t message;
    int line;        /* from the first above the message's text */
    uint32_t source; /* the byte of the message on it; only kept for the top line */
};

/* messages and lines must outlive the view. */
struct view *view_new(const struct messages *messages, struct message_lines *lines);
void view_free(struct view *v);
/* The rows of the drawing that follows; finds the top line anew. */
void view_settle(struct view *v, int rows);
/* The line on the first row. */
const struct view_line *view_top(const struct view *v);
/* The line on a row; false past the end. */
bool view_at_row(struct view *v, int row, struct view_line *out);
/* Whether new text at the end moves the view. */
bool view_follows(const struct view *v);
/* Lines that came since the view left the end. */
int view_new_lines(struct view *v);

void view_scroll(struct view *v, int lines);
/* By halves of a page. */
void view_page(struct view *v, int halves);
void view_home(struct view *v);
/* Stays where it is, whatever is removed or added below: no longer follows the end. */
void view_stay(struct view *v);
/* To the end, which the view follows from now on. */
void view_end(struct view *v);
/* Brings a line of a message into view, near the upper third when it was not; the message is selected. */
void view_show(struct view *v, size_t message, int line);
/* The same for the line with a byte of the message. */
void view_show_byte(struct view *v, size_t message, uint32_t source);

/* The selected message; the number of messages when there is none. */
size_t view_selected(const struct view *v);
/* Selects the last message in view. */
void view_select_visible(struct view *v);
/* Selects the next (1) or previous (-1) message and brings its first line into view. */
void view_select(struct view *v, int step);
/* Messages at the end were removed. */
void view_cut(struct view *v);

#endif
