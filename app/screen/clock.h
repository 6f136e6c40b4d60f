/* Clock: when something is due. */
#ifndef PALAVER_APP_SCREEN_CLOCK_H
#define PALAVER_APP_SCREEN_CLOCK_H

/* Milliseconds until clock_seconds() is when, rounded up; 0: it is past. */
int clock_until(double when);
/* The smaller of two numbers of milliseconds, where -1 is never. */
int clock_sooner(int a, int b);

#endif
