/* The folder of a test's own: one at a time, for what it writes. */
#ifndef PALAVER_TESTS_FOLDER_H
#define PALAVER_TESTS_FOLDER_H

extern char test_folder[64]; /* its path; "" while there is none */

/* cmocka's functions before and after a test or a group: make the folder, and remove it with all that is in it, where there
 * is one. */
int test_folder_make(void **state);
int test_folder_remove(void **state);

#endif
