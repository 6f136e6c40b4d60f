/* Pieces: the texts of tokens by their ids, as a server has told them. Internal to remote. */
#ifndef PALAVER_REMOTE_PIECES_H
#define PALAVER_REMOTE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* {0} is empty. */
struct pieces {
    char **at; /* (n) by id; NULL: not known */
    size_t n;
};
void pieces_free(struct pieces *p);
/* Notes the name of a token, in which "bytes:\xNN..." stands for bytes. What there is no memory for stays unknown. */
void pieces_note(struct pieces *p, int32_t id, const char *name);
bool pieces_has(const struct pieces *p, int32_t id);
/* Appends its bytes. False when it is not known, or out of memory. */
bool pieces_append(const struct pieces *p, int32_t id, struct buf *out);

#endif
