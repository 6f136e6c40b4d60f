/* A stream of text from tokens: bytes in, whole UTF-8 characters out.
 *
 * Bytes that may be the beginning of a character or of a stop string are held back until that is decided. Ill-formed
 * bytes become U+FFFD. Expect pieces of a few bytes; memory stays at a few hundred. Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_TEXTSTREAM_H
#define PALAVER_ENGINE_TEXT_TEXTSTREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/engine.h"

struct textstream {
    struct buf held;
    bool stopped; /* a stop string came; nothing follows it */
};

void textstream_init(struct textstream *t);
void textstream_free(struct textstream *t);
/* Forgets all that is held. */
void textstream_reset(struct textstream *t);
/* Takes bytes and appends to out what they make certain. False when out of memory. A stop string of the settings is
 * looked for in what has not been given out yet; what stands before it is given out, it and the rest not. */
bool textstream_push(struct textstream *t, const struct sampling *settings, const char *bytes, size_t size,
                     struct buf *out);
/* Gives out what is held at the end of an answer. */
bool textstream_end(struct textstream *t, struct buf *out);

#endif
