/* The texts of tokens in answers. Internal to the server. */
#ifndef PALAVER_SERVE_SPELL_H
#define PALAVER_SERVE_SPELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "engine/engine.h"

/* Appends the bytes of ids[i] inside the text of ids[0..n): control tokens as they are spelled, but for a BOS that the
 * program puts in front of every text; the blank that SentencePiece adds in front is left out. */
void spell_token(const struct tokenizer *t, const int32_t *ids, size_t i, struct buf *out);
/* The name of a token among others: its text, or "bytes:\xNN..." where that is no whole text, so that no two are
 * alike. A new reference. */
json_t *spell_name(const struct tokenizer *t, int32_t id);
/* The bytes of a token as numbers. A new reference. */
json_t *spell_bytes(const struct tokenizer *t, int32_t id);
/* A text of any bytes; what is not UTF-8 becomes U+FFFD. A new reference. */
json_t *spell_text(const char *bytes, size_t size);
/* Characters that begin in these bytes. */
size_t spell_length(const char *bytes, size_t size);

#endif
