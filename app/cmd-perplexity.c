/* palaver perplexity */
#include "app/commands.h"

int perplexity_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
