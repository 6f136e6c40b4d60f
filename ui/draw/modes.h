/* Modes: what the terminal is asked for beside drawing, and gives up again: reports of the mouse, of pastes and of the
 * focus, keys that it would not tell apart otherwise, the title of its window.
 *
 * All is written at once, while ncurses keeps what it writes until it refreshes the screen. So these are called after a
 * refresh: the stack of keyboard modes belongs to the alternate screen, which must be entered before and left after. */
#ifndef PALAVER_UI_DRAW_MODES_H
#define PALAVER_UI_DRAW_MODES_H

#include <stdbool.h>
#include <stdio.h>

struct modes {
    FILE *out;  /* the terminal */
    bool sends; /* the terminal knows of such things */
    bool keys;  /* and of keyboards and titles */
    bool links; /* and of links, see links.h */
    bool named; /* the window has a title of ours */
};

/* term: the value of $TERM; out stays the caller's. */
struct modes modes_of(const char *term, FILE *out);
void modes_enter(const struct modes *m, bool mouse);
/* The title stays until modes_end. */
void modes_leave(const struct modes *m);
void modes_mouse(const struct modes *m, bool on);
/* Asks for the background, now and whenever it changes; or no longer. */
void modes_ground(const struct modes *m, bool on);
/* Names the window; the title that it had comes back at the end. text is clean and short. */
void modes_name(struct modes *m, const char *text);
void modes_end(struct modes *m);
/* Bytes that give all of it back, the colours, the cursor and the main screen too; static. */
const char *modes_last_words(void);

#endif
