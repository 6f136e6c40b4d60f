/* A program on a pseudo-terminal: keys in, bytes out, as on a terminal of 80 columns and 24 rows.
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
    size_t seen;           /* waits have looked this far */
    char home[64];
};

/* Starts argv with NAME=VALUE strings added to the environment. False on failure. */
bool pty_start(struct pty *p, const char *const *argv, const char *const *environment);
/* Kills the program if it still runs, and removes its home. */
void pty_end(struct pty *p);
/* Types bytes. */
void pty_type(struct pty *p, const char *bytes);
/* Waits until text comes after the text of the last wait; false after ten seconds or when the program ends. */
bool pty_expect(struct pty *p, const char *text);
/* Reads until nothing comes for a fifth of a second, for at most a second. */
void pty_settle(struct pty *p);
/* True when text came at any time since the start. */
bool pty_saw(const struct pty *p, const char *text);
/* Waits for the program to end: the status of waitpid, -1 when it does not end within ten seconds. */
int pty_wait(struct pty *p);
/* True when the terminal has the modes that the program found. */
bool pty_is_restored(const struct pty *p);

#endif
