/* Queue: the messages that wait for the end of an answer, above the composer. */
#ifndef PALAVER_APP_SCREEN_QUEUE_H
#define PALAVER_APP_SCREEN_QUEUE_H

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_queue *screen_queue_new(void);
void screen_queue_free(struct screen_queue *queue);

/* They are others: they are shown in this turn of the loop. */
void screen_queue_changed(struct screen *s);
void screen_queue_tick(struct screen *s);
/* Puts a message that waits into the composer, which is empty: the last one while an answer is under way, as it was just
 * written, else the first one, as it is sent next. */
void screen_queue_take_back(struct screen *s);

#endif
