/* Term: whether the terminal that $TERM names is one whose cursor can be moved. */
#ifndef PALAVER_APP_TERMINAL_TERM_H
#define PALAVER_APP_TERMINAL_TERM_H

enum term_kind {
    TERM_KIND_DUMB,    /* $TERM is not set, or names one that only prints lines */
    TERM_KIND_UNKNOWN, /* terminfo has no entry for it: it is treated as a dumb one */
    TERM_KIND_MOVES,
};
/* Looked up once. Not for several threads. */
enum term_kind term_kind(void);

#endif
