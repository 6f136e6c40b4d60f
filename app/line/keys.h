/* Line keys: turns the bytes of a keyboard into characters for the line editor.
 *
 * Pasted text arrives between two marks; the few sequences that libedit's key tables can't hold (in vi mode escape is a
 * key by itself) become private characters. */
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
    struct buf in; /* bytes that have arrived */
    size_t at;     /* the first that has not been taken */
};

void line_keys_init(struct line_keys *k);
void line_keys_free(struct line_keys *k);
bool line_keys_add(struct line_keys *k, const char *bytes, size_t size);
/* Puts a private character before everything that waits. */
bool line_keys_push(struct line_keys *k, enum line_key key);
/* The next character; LINE_KEYS_NONE if there is none; LINE_KEYS_UNSURE if what waits may be the beginning of a longer
 * one, which final rules out. */
int32_t line_keys_next(struct line_keys *k, bool final);
/* Takes pasted text up to its end mark (final: up to the last byte), cleaned and with newlines, and appends it to out.
 * False if the end has not arrived. */
bool line_keys_paste(struct line_keys *k, bool final, struct buf *out);

#endif
