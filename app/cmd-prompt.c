/* palaver prompt */
#include "app/commands.h"

int prompt_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
