/* Lock: what to do when another program holds the history.
 *
 * The thread that has the terminal never waits for a lock: what can't be written is tried again by its loop, silently
 * as long as the lock is a brief one. */
#ifndef PALAVER_APP_LIBRARY_LOCK_H
#define PALAVER_APP_LIBRARY_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Milliseconds between two tries while a lock is a brief one. */
enum { LOCK_RETRY = 50 };

/* True if code is ERR_BUSY and has been since less than a second ago: then the user need not be told. *since is when
 * that began, as clock_milliseconds; 0: code is another one. */
bool lock_is_brief(int64_t *since, enum error_code code);

#endif
