/* Status: the last line of the screen, and remarks that take its place for a moment. */
#ifndef PALAVER_UI_PANES_STATUS_H
#define PALAVER_UI_PANES_STATUS_H

#include <stdbool.h>

#include "ui/keys/bindings.h"
#include "ui/panes/pane.h"
#include "ui/ui.h"

struct status;
extern const struct pane status_pane;
/* A remark too long for the line, over the last rows of the transcript. Its object is the status too. */
extern const struct pane notice_pane;

/* bindings name the keys of hints; they stay the caller's and must outlive the status. */
struct status *status_new(const struct bindings *bindings);
void status_free(struct status *s);
void status_set(struct status *s, const struct ui_status *status);
/* Whether an answer is being written. */
bool status_is_busy(const struct status *s);
/* The keys that the line names from now on: PANE_HINTS of them; static. */
void status_set_hints(struct status *s, const struct pane_hint *hints);

/* Shows a remark for some seconds, an error for longer; NULL takes it away. */
void status_notice(struct status *s, bool is_error, const char *text);
/* The same of what comes by itself: it waits until an error was there for some seconds, or was taken away. */
void status_remark(struct status *s, bool is_error, const char *text);
/* Milliseconds until the remark goes; -1: there is none. */
int status_timeout(const struct status *s);
/* Takes the remark away when its time is over, and shows what waited for that; true when it did. */
bool status_tick(struct status *s);

#endif
