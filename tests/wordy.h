/* An encoder for tests, written when a test runs: texts are alike as far as they have words of the same meaning.
 *
 * It knows some twenty meanings with one or two words each ("cat" and "kitten", "car" and "automobile", "winter" and
 * "cold", …). Its layers add nothing, so that a text's vector is the mean of its words'; unknown words have none. It reads
 * 24 tokens. */
#ifndef PALAVER_TESTS_WORDY_H
#define PALAVER_TESTS_WORDY_H

#include <stdbool.h>

/* Writes it as GGUF; false on failure. */
bool wordy_write(const char *path);

#endif
