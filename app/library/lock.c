/* Lock: how long it has been held. */
#include <config.h>

#include "app/library/lock.h"

#include "base/clock.h"

enum { BRIEF = 1000 }; /* milliseconds */

bool lock_is_brief(int64_t *since, enum error_code code)
{
    if (code != ERR_BUSY) {
        *since = 0;
        return false;
    }
    if (*since == 0)
        *since = clock_milliseconds();
    return clock_milliseconds() - *since < BRIEF;
}
