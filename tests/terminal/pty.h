/* A program on a pseudo-terminal: keys in, bytes out, as at a terminal of 80 columns and 24 rows.
 *
 * The environment is pinned: a home of its own, LANG=C.UTF-8, and a TERM. Every wait has an end; what came is printed when
 * it did not bring what a test waits for. */
#ifndef PALAVER_TESTS_TERMINAL_PTY_H
#define PALAVER_TESTS_TERMINAL_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/buf.h"

struct pty {
    int master;
    pid_t child;
    struct termios before; /* the modes that the program found */
    struct buf out;        /* all that it wrote */
    size_t seen;           /* up to here a wait has looked */
    char home[64];
};

/* Starts argv with NAME=VALUE strings added to the environment. False on failure. */
bool pty_start(struct pty *p, const char *const *argv, const char *const *environment);
/* Kills the program if it still runs, and removes its home. */
void pty_end(struct pty *p);
/* Types bytes. */
void pty_type(struct pty *p, const char *bytes);
/* Waits until text comes after what was waited for before; false after ten seconds or the program's end. */
bool pty_expect(struct pty *p, const char *text);
/* Reads what comes until nothing does for a fifth of a second, or for a second. */
void pty_settle(struct pty *p);
/* True when text came anywhere since the start. */
bool pty_saw(const struct pty *p, const char *text);
/* Waits for the end: the status of waitpid, -1 when it does not end within ten seconds. */
int pty_wait(struct pty *p);
/* True when the terminal has the modes that the program found. */
bool pty_is_restored(const struct pty *p);

#endif
