/* Loop: keys, signals, the engine and time, in one poll(). */
#ifndef PALAVER_APP_SCREEN_LOOP_H
#define PALAVER_APP_SCREEN_LOOP_H

#include "app/screen/parts.h"
#include "base/error.h"

/* Takes the signals. NULL on failure. */
struct screen_loop *screen_loop_new(struct error *err);
void screen_loop_free(struct screen_loop *loop);

/* Returns when the user leaves or a signal ends the program. */
void screen_loop_run(struct screen *s);
/* The signal that ends the program; 0: none. */
int screen_loop_signal(const struct screen *s);

/* repl.edit of a screen, which is the context: text in the user's editor. The terminal is given back meanwhile. */
enum error_code screen_loop_edit(void *context, struct buf *text, struct error *err);

#endif
