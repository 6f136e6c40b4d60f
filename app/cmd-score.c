/* palaver score */
#include "app/commands.h"

int score_run(const struct options *o)
{
    (void)o;
    return EXIT_ERROR;
}
