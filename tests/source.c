/* SOURCE_FOLDER is set by the build, so that a test can be run by hand from any folder. */
#include "tests/source.h"

#include <stdlib.h>

const char *source_folder(void)
{
    const char *given = getenv("srcdir");
    return given != NULL ? given : SOURCE_FOLDER;
}
