/* Where tests find their fixtures: $srcdir, else the source tree that the test was built from. */
#ifndef PALAVER_TESTS_SOURCE_H
#define PALAVER_TESTS_SOURCE_H

const char *source_folder(void);
/* The path of a file in tests/fixtures; valid until the next call. */
const char *source_fixture(const char *name);

#endif
