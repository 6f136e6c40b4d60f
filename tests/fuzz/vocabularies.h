/* The vocabularies that fuzz targets split text with: the fixtures', opened at the first call. */
#ifndef PALAVER_TESTS_FUZZ_VOCABULARIES_H
#define PALAVER_TESTS_FUZZ_VOCABULARIES_H

#include "engine/text/tokenizer.h"

enum { VOCABULARIES = 2 };

/* 0: SentencePiece; 1: byte-level BPE. Ends the program when a fixture can't be opened. */
const struct tokenizer *vocabulary(int which);

#endif
