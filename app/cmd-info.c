/* palaver info */
#include "app/commands.h"

int info_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
