/* Status: the line above the messages and the line at the bottom. */
#ifndef PALAVER_APP_SCREEN_STATUS_H
#define PALAVER_APP_SCREEN_STATUS_H

#include <stddef.h>

#include "app/chat/chat.h"
#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_status *screen_status_new(void);
void screen_status_free(struct screen_status *status);

/* The line above: title, model, template. */
void screen_status_show_head(struct screen *s);
/* The line below: what happens now, the context's fill, the speed. */
void screen_status_show(struct screen *s);

/* What the status line is made of. None of these draws. */
void screen_status_begin(struct screen *s);                           /* an answer is asked for */
void screen_status_read(struct screen *s, size_t done, size_t total); /* tokens of the prompt */
void screen_status_count_token(struct screen *s, const struct event *event);
void screen_status_wait_at(struct screen *s, size_t number); /* the answer waits at this token, from 1 */
void screen_status_end(struct screen *s, const struct timings *t);
void screen_status_recount(struct screen *s); /* the context holds something else now */
/* Tokens of the context in use, 0 while unknown. */
size_t screen_status_used(const struct screen *s);
/* Seconds since the last answer was asked for. */
double screen_status_elapsed(const struct screen *s);

/* Says what goes on beside the chat, while the model has nothing to do; "": nothing. */
void screen_status_beside(struct screen *s, const char *text);

#endif
