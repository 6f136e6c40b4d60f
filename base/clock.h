/* The clocks of the program, read in one place.
 *
 * Waiting, pacing and measuring use the monotonic clock, which is never set; only what is stored or shown as a date
 * uses the wall clock. Safe in any thread. */
#ifndef PALAVER_BASE_CLOCK_H
#define PALAVER_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic time since an arbitrary moment, in seconds, with the resolution of the system's clock. */
double clock_seconds(void);
/* Seconds that the calling thread has had a processor. */
double clock_busy(void);
/* Monotonic time in whole milliseconds. */
int64_t clock_milliseconds(void);
/* The wall clock: milliseconds since 1970 in UTC. It may be set back or forward at any time. */
int64_t clock_wall(void);

#endif
