/* Scratch: fuzz inputs as files, for readers that take paths. */
#ifndef PALAVER_TESTS_FUZZ_SCRATCH_H
#define PALAVER_TESTS_FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* The folder of this process, made at the first call and removed at its end. */
const char *scratch_folder(void);
/* Writes the input to FOLDER/name and returns the path, valid until the next call. */
const char *scratch_file(const char *name, const uint8_t *data, size_t size);

#endif
