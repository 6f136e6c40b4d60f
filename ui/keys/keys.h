/* Keys: the bytes of a keyboard as keys.
 *
 * The sequences of xterm and its kin are understood whatever $TERM says, with their modifiers, besides those of rxvt and
 * the Linux console that differ; pasted text arrives whole; what is not understood is swallowed whole rather than typed
 * into a message. Reads a descriptor that is non-blocking or known to be readable. */
#ifndef PALAVER_UI_KEYS_KEYS_H
#define PALAVER_UI_KEYS_KEYS_H

#include "base/buf.h"
#include "ui/keys/key.h"

struct keys {
    struct buf in;    /* bytes that came */
    size_t at;        /* those before are taken */
    struct buf paste; /* the text of the last paste */
    bool pasting;
};

void keys_init(struct keys *k);
void keys_free(struct keys *k);
/* Adds bytes; false without memory. */
bool keys_add(struct keys *k, const char *bytes, size_t size);
/* The next key. KEYS_NONE: there is none. KEYS_WAIT: what came may be the beginning of one; ask again with final set when
 * nothing followed for a moment. */
enum keys_state { KEYS_NONE, KEYS_WAIT, KEYS_KEY };
enum keys_state keys_next(struct keys *k, bool final, struct key *out);

#endif
