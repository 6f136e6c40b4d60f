/* Selection: text of the transcript that is selected with the mouse. Rows and columns are those of the pane. */
#ifndef PALAVER_UI_PANES_SELECTION_H
#define PALAVER_UI_PANES_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/message-lines.h"
#include "ui/panes/messages.h"
#include "ui/panes/view.h"

struct selection;

/* All must outlive the selection. indent: the columns left of the text. */
struct selection *selection_new(const struct messages *messages, struct message_lines *lines, struct view *view,
                                int indent);
void selection_free(struct selection *s);
/* The button is pressed, the mouse moves with it, the button is released. */
void selection_press(struct selection *s, int row, int column);
void selection_drag(struct selection *s, int row, int column);
/* False when it was not pressed here. */
bool selection_release(struct selection *s);
bool selection_exists(const struct selection *s);
void selection_clear(struct selection *s);
/* The selected text, malloc'ed: lines as they were broken to fit are joined again. NULL when there is none. */
char *selection_text(const struct selection *s);
/* The columns of a line of a message's text that are selected, [*from, *to); false and both 0 when none are. */
bool selection_columns(const struct selection *s, size_t message, int line, int *from, int *to);

#endif
