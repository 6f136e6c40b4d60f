/* SOURCE_FOLDER is set by the build, so that a test can be run by hand from any folder. */
#include "tests/source.h"

#include <stdio.h>
#include <stdlib.h>

const char *source_folder(void)
{
    const char *given = getenv("srcdir");
    return given != NULL ? given : SOURCE_FOLDER;
}

const char *source_fixture(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/fixtures/%s", source_folder(), name);
    return path;
}
