/* Keys: the bytes that a terminal sends, as keys.
 *
 * The sequences of xterm and similar terminals are understood whatever $TERM says, with their modifiers, and those of
 * rxvt and the Linux console where they differ. Pasted text arrives whole. An unknown sequence is dropped whole rather
 * than typed into a message. */
#ifndef PALAVER_UI_KEYS_KEYS_H
#define PALAVER_UI_KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "ui/keys/key.h"

struct keys {
    struct buf in;    /* bytes received */
    size_t at;        /* those before it have become keys */
    struct buf paste; /* the text of the last paste */
    bool pasting;     /* inside of a paste */
    bool replying;    /* inside of an answer of the terminal */
    bool waiting;     /* the last bytes may be the beginning of a key */
    double since;     /* when they came, by clock_seconds */
};

void keys_init(struct keys *k);
void keys_free(struct keys *k);
/* Adds bytes; false when out of memory, or when a paste is larger than 64 MB. */
bool keys_add(struct keys *k, const char *bytes, size_t size);
/* The next key. KEYS_NONE: there is none. KEYS_WAIT: the last bytes may be the beginning of a key; ask again with
 * final set when keys_timeout says so. */
enum keys_state { KEYS_NONE, KEYS_WAIT, KEYS_KEY };
enum keys_state keys_next(struct keys *k, bool final, struct key *out);
/* Milliseconds until what waits is a key as it is, because nothing has followed; 0: now; -1: nothing waits. */
int keys_timeout(const struct keys *k);

#endif
