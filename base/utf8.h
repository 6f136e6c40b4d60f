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
/* True for what must never reach a terminal as it is, whatever stands before it: C0 controls except newline and tab,
 * DEL, C1 controls, characters that turn the direction of text, and those that are invisible (soft hyphens, zero width
 * spaces, fillers, tags and the like; see utf8_hides for those that are so only in some places). */
bool utf8_is_unsafe(uint32_t code);
/* Whether a character from U+00A0 on, after the character before (0 at the beginning), would be invisible or turn the
 * direction of text. Joiners stay inside of what they join, selectors after what has the form that they select: scripts
 * and emoji need them there. */
bool utf8_hides(uint32_t code, uint32_t before);

/* The most bytes that utf8_clean makes of each byte. */
enum { UTF8_CLEAN_GROWTH = 6 };
/* Appends what is shown in place of an unsafe character: pictures of controls (U+2400...), U+FFFD for UTF8_INVALID,
 * ‹U+200B› for others. */
bool utf8_picture(struct buf *out, uint32_t code);
/* Appends text made safe to show, with utf8_picture in place of what is ill-formed, unsafe or hides. Newline and tab
 * stay; a carriage return before a newline is dropped. */
bool utf8_clean(struct buf *out, const char *text, size_t size);
/* The same for a text that comes in pieces, which are whole characters. *before is the last one, 0 at the beginning. */
bool utf8_clean_after(struct buf *out, const char *text, size_t size, uint32_t *before);

#endif
