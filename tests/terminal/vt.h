/* A terminal for tests: a program on a pseudo-terminal, whose screen libvterm keeps.
 *
 * A test types as a person does and waits for what a person would see:
 *
 *     struct vt *t = vt_start(24, 80, argv, environment);
 *     vt_type(t, "Hello\r");
 *     assert_true(vt_wait(t, "Palaver"));
 *     vt_end(t);
 *
 * The environment is that of pty.h (a home of its own, LANG=C.UTF-8, TERM=xterm); NAME=VALUE strings are added to it. Every
 * wait ends after two minutes, which only a failure takes, and then prints the screen. What a program sends beside text is counted, so that a test can
 * assert that hostile text did nothing. */
#ifndef PALAVER_TESTS_TERMINAL_VT_H
#define PALAVER_TESTS_TERMINAL_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct vt;

/* home NULL: a new one, removed by vt_end; else it belongs to the caller. */
struct vt *vt_start(int rows, int columns, const char *const *argv, const char *const *environment, const char *home);
void vt_end(struct vt *t);
const char *vt_home(const struct vt *t);
pid_t vt_pid(const struct vt *t);

void vt_type(struct vt *t, const char *bytes);
/* A paste as terminals mark it. */
void vt_paste(struct vt *t, const char *text);
void vt_resize(struct vt *t, int rows, int columns);
/* Waits until text is on the screen, in one row; false when it does not in time or the program ended without. */
bool vt_wait(struct vt *t, const char *text);
/* Waits until it is not. */
bool vt_wait_gone(struct vt *t, const char *text);
/* Waits until a row begins so, or, with is == false, otherwise. */
bool vt_wait_row(struct vt *t, int row, const char *beginning, bool is);
/* Waits until nothing comes for so many milliseconds, for at most two seconds. */
void vt_settle(struct vt *t, int milliseconds);
/* Waits for so long. */
void vt_pause(struct vt *t, int milliseconds);
/* Waits so long for bytes, and takes what there is; false when none came. */
bool vt_read(struct vt *t, double milliseconds);
/* When bytes came last: milliseconds of CLOCK_MONOTONIC. */
double vt_came(const struct vt *t);
/* How many bytes came since the start. */
size_t vt_size(const struct vt *t);
bool vt_has_ended(const struct vt *t);
/* Waits for the program to end: the status of waitpid. */
int vt_wait_end(struct vt *t);

/* A row as text, without trailing blanks; owned by the terminal, valid until the next call. */
const char *vt_row(struct vt *t, int row);
/* The whole screen, rows ended by newlines. */
const char *vt_screen(struct vt *t);
/* Whether it does now. A test that expects it waits (vt_wait, vt_wait_gone): a drawing may come in pieces. */
bool vt_shows(struct vt *t, const char *text);
/* The first row that contains text; -1: none. */
int vt_find(struct vt *t, const char *text);
void vt_cursor(const struct vt *t, int *row, int *column);
bool vt_is_reverse(const struct vt *t, int row, int column);
bool vt_is_colored(const struct vt *t, int row, int column);
bool vt_has_ground(const struct vt *t, int row, int column); /* another than the terminal's own */
int vt_is_light(const struct vt *t, int row, int column);    /* its ground is; 0: dark; -1: the terminal's own */

const char *vt_link(const struct vt *t, int row, int column); /* the address of the cell's link (OSC 8); "": none */
const char *vt_title(const struct vt *t);                     /* of the window, as it was set last; "" */
/* Whether the program sent these bytes since it started. */
bool vt_was_sent(const struct vt *t, const char *bytes);
/* How often it did. */
int vt_times_sent(const struct vt *t, const char *bytes);
int vt_clipboards(const struct vt *t); /* how often the clipboard was written (OSC 52) */
int vt_bells(const struct vt *t);
bool vt_on_alternate(const struct vt *t); /* the alternate screen is shown */
bool vt_cursor_visible(const struct vt *t);
/* The terminal has the modes that the program found. */
bool vt_is_restored(const struct vt *t);

#endif
