/* UTF-8: decoding, encoding, and making any bytes safe to show.
 *
 * Well-formed means what the Unicode standard calls so (no surrogates, no overlong forms, at most U+10FFFF). */
#ifndef PALAVER_BASE_UTF8_H
#define PALAVER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define UTF8_INVALID UINT32_MAX

/* Reads one code point from text[0..size); size > 0. *used is the bytes consumed, at least 1. For ill-formed input the
 * result is UTF8_INVALID and *used the length of the maximal ill-formed part (one U+FFFD stands for it). */
uint32_t utf8_decode(const char *text, size_t size, size_t *used);
/* Writes code (a scalar value) into out[0..4); returns the bytes written, 1 to 4. */
size_t utf8_encode(uint32_t code, char out[4]);
/* The offset of the first ill-formed byte, or size when there is none. */
size_t utf8_check(const char *text, size_t size);
/* How many bytes at the end of text[0..size) are the beginning of a sequence that more bytes could complete: 0 to 3.
 * A stream shows all but these. */
size_t utf8_pending(const char *text, size_t size);
/* True for what must never reach a terminal as it is: C0 controls except newline and tab, DEL, C1 controls,
 * bidirectional overrides and isolates, line and paragraph separators, and tag characters. */
bool utf8_is_unsafe(uint32_t code);
/* Appends text made safe to show: ill-formed bytes become U+FFFD; C0 controls and DEL become their visible pictures
 * (U+2400...), carriage return before newline is dropped, other unsafe characters become U+FFFD. Newline and tab
 * stay. */
bool utf8_clean(struct buf *out, const char *text, size_t size);

#endif
