/* Due: when something is due. */
#ifndef PALAVER_APP_SCREEN_DUE_H
#define PALAVER_APP_SCREEN_DUE_H

/* Milliseconds until clock_seconds() is when, rounded up; 0: it is past. */
int due_in(double when);
/* The smaller of two numbers of milliseconds, where -1 is never. */
int due_sooner(int a, int b);

#endif
