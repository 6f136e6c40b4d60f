/* The folder of a test's own. */
#include "tests/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char test_folder[64];

int test_folder_make(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/palaver-test.XXXXXX");
    return mkdtemp(test_folder) != NULL ? 0 : -1;
}

int test_folder_remove(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", test_folder);
    const int failed = test_folder[0] != '\0' && system(command) != 0;
    test_folder[0] = '\0';
    return failed;
}
