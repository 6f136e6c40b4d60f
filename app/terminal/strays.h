/* Strays: what is printed while the screen has the terminal, by a library, a child, or our own mistake. It would stay on the
 * screen until something is drawn there; so it goes to a file without a name, and is printed when the screen has ended.
 *
 * The screen itself writes through a descriptor of its own (ui/draw/canvas.c). Standard error is left alone where it is no
 * terminal. The state is global to this file, as these descriptors are the process's. */
#ifndef PALAVER_APP_TERMINAL_STRAYS_H
#define PALAVER_APP_TERMINAL_STRAYS_H

/* Standard output and standard error go to the file from now on; without one (no room for temporary files) they stay. */
void strays_keep(void);
/* They go where they went, for another program that gets the terminal, or for good. May be called by a signal handler. */
void strays_release(void);
/* Releases them, and prints what was kept on standard error. May be called by a signal handler. */
void strays_print(void);

#endif
