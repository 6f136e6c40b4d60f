/* palaver bench */
#include "app/commands.h"

int bench_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
