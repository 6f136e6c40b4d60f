/* Message lines: messages as lines of the screen, made when they are asked for and kept while they are near the view.
 *
 * A message takes, from above: the line of the window if it begins here, the line with its name, its text, and a blank
 * line. A base model's text has neither names nor blank lines, and a message continues in the last line of the one
 * before unless that one ends with a line break. */
#ifndef PALAVER_UI_PANES_MESSAGE_LINES_H
#define PALAVER_UI_PANES_MESSAGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/messages.h"
#include "ui/text/render.h"

struct message_lines;

/* How all messages are shown. */
struct message_look {
    int width;  /* columns for text; 0 before the first drawing */
    bool ascii; /* neither bullets nor lines beyond ASCII */
    bool base;  /* a base model's text */
    bool raw;   /* the text itself, without Markdown */
    bool think; /* what a model thinks is unfolded */
    bool lens;  /* tokens are shaded: the text itself */
};

/* messages must outlive the lines. */
struct message_lines *message_lines_new(const struct messages *messages);
void message_lines_free(struct message_lines *l);
const struct message_look *message_lines_look(const struct message_lines *l);
void message_lines_set_look(struct message_lines *l, const struct message_look *look);
/* Changes with each other look: line numbers from before it are void. */
unsigned message_lines_edition(const struct message_lines *l);
/* The model sees messages from byte `byte` of message index on, which label says above the line that holds it; 0 and 0
 * or a NULL label: no such line. */
void message_lines_set_window(struct message_lines *l, size_t index, size_t byte, const char *label);
/* The label above the first line of message index; NULL: none. */
const char *message_lines_window(const struct message_lines *l, size_t index);

/* The text of message index, which must exist; valid until a message, the look or what is kept changes. No lines when
 * out of memory. */
const struct rendering *message_lines_text(struct message_lines *l, size_t index);
/* Lines above the text of message index. */
int message_lines_above(const struct message_lines *l, size_t index);
/* All lines of message index. */
int message_lines_height(struct message_lines *l, size_t index);
/* Whether message index continues in the last line of the one before. */
bool message_lines_is_joined(const struct message_lines *l, size_t index);

/* Releases the lines of messages far from message near, if there are many. */
void message_lines_trim(struct message_lines *l, size_t near);
/* Messages from `from` on were removed. */
void message_lines_cut(struct message_lines *l, size_t from);

#endif
