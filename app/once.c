/* One answer on standard output. */
#include "app/commands.h"

int once_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
