/* Test vectors: where they lie and how they are read.
 *
 * A vector is looked for in the folder that the environment names in PALAVER_REFERENCE, without that in
 * ../shared/reference beside the source tree; then in tests/fixtures. Whatever is compared has vectors of the official
 * implementations in tests/fixtures, so that nothing but the default model is ever missing; those of the other folders
 * are more of the same, and larger. */
#ifndef PALAVER_TESTS_UNIT_VECTORS_H
#define PALAVER_TESTS_UNIT_VECTORS_H

#include <jansson.h>
#include <stdint.h>

/* The file's path, the caller's to free; NULL when it is nowhere. */
char *vectors_path(const char *name);
/* The same of tests/fixtures alone. */
char *vectors_own(const char *name);
/* The file of that name in the folder of the one at path, so that a vocabulary and what it must give belong together;
 * NULL when it is not there or path is NULL. */
char *vectors_beside(const char *path, const char *name);
/* The parsed file, the caller's reference; NULL when it is absent. A file that does not parse ends the test program. */
json_t *vectors_load(const char *name);
json_t *vectors_load_path(char *path); /* frees path, which may be NULL */
/* The SmolLM2 model that quickstart fetches (PALAVER_TEST_MODEL, else the models folder), the caller's to free; NULL. */
char *vectors_default_model(void);
/* An array of ids, malloc'ed, the caller's; *n is their number. NULL when json is no array or empty. */
int32_t *vectors_ids(const json_t *json, size_t *n);

#endif
