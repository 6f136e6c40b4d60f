/* The chat in line mode. */
#include "app/commands.h"

int line_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
