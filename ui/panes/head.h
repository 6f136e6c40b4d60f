/* Head: the line above the transcript: the conversation's title and the model. */
#ifndef PALAVER_UI_PANES_HEAD_H
#define PALAVER_UI_PANES_HEAD_H

#include "ui/panes/pane.h"

struct head;
extern const struct pane head_pane;

struct head *head_new(void);
void head_free(struct head *h);
/* Either may be NULL. */
void head_set(struct head *h, const char *title, const char *model);

#endif
