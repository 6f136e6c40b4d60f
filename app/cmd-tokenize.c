/* palaver tokenize */
#include "app/commands.h"

int tokenize_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
