/* Term: by terminfo's entry, so that nothing is written to a terminal which it might not understand. */
#include <config.h>

#include "app/terminal/term.h"

#include <curses.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

static enum term_kind look_up(const char *term)
{
    int found = 0;
    TERMINAL *before = cur_term;
    if (term == NULL || *term == '\0')
        return TERM_KIND_DUMB;
    if (setupterm((char *)term, STDOUT_FILENO, &found) != OK)
        return found == 1 ? TERM_KIND_DUMB : TERM_KIND_UNKNOWN; /* 1: it prints on paper */
    const char *move = tigetstr((char *)"cup");
    TERMINAL *ours = set_curterm(before);
    del_curterm(ours);
    return move != NULL && move != (const char *)-1 ? TERM_KIND_MOVES : TERM_KIND_DUMB;
}

enum term_kind term_kind(void)
{
    static bool known;
    static enum term_kind kind;
    if (!known)
        kind = look_up(getenv("TERM"));
    known = true;
    return kind;
}
