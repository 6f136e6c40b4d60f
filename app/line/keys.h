/* Line keys: the bytes of a keyboard as characters, before the line editor sees them.
 *
 * Pasted text arrives between two marks; the few sequences that the line editor can't hold in its key tables (in vi mode
 * an escape is a key of its own) become private characters. */
#ifndef PALAVER_APP_LINE_KEYS_H
#define PALAVER_APP_LINE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Private characters: C1 controls, which no keyboard sends. */
enum line_key {
    LINE_KEY_PASTE = 0x80,   /* the beginning of pasted text */
    LINE_KEY_NEWLINE = 0x81, /* Alt-Enter, Shift-Enter */
    LINE_KEY_DRAFT = 0x82,   /* made by the editor itself: put the draft in */
    LINE_KEY_ACCEPT = 0x83,  /* made by the editor itself: the line is whole */
};

enum { LINE_KEYS_NONE = -1, LINE_KEYS_UNSURE = -2 };

struct line_keys {
    struct buf in; /* bytes that came */
    size_t at;     /* those before are taken */
};

void line_keys_init(struct line_keys *k);
void line_keys_free(struct line_keys *k);
bool line_keys_add(struct line_keys *k, const char *bytes, size_t size);
/* Puts a private character before all that waits. */
bool line_keys_push(struct line_keys *k, enum line_key key);
/* The next character, LINE_KEYS_NONE when there is none, LINE_KEYS_UNSURE when what waits may be the beginning of a longer
 * one; final: nothing more will come, take it as it is. */
int32_t line_keys_next(struct line_keys *k, bool final);
/* Takes pasted text up to its end mark, as clean text with newlines, and appends it to out; true when the end was
 * there. */
bool line_keys_paste(struct line_keys *k, bool final, struct buf *out);

#endif
