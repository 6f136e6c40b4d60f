/* Pieces: an array by id. A vocabulary has up to some hundred thousand tokens, of which few are seen. */
#include <config.h>

#include "remote/pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { VOCABULARY_MOST = 1 << 22 };

static const char as_bytes[] = "bytes:";

void pieces_free(struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->at[i]);
    free(p->at);
    *p = (struct pieces){0};
}

static bool make_room(struct pieces *p, size_t n)
{
    const size_t room = n < 2 * p->n ? 2 * p->n : n;
    char **more = realloc(p->at, room * sizeof *more);
    if (more == NULL)
        return false;
    memset(more + p->n, 0, (room - p->n) * sizeof *more);
    p->at = more;
    p->n = room;
    return true;
}

void pieces_note(struct pieces *p, int32_t id, const char *name)
{
    if (id < 0 || id >= VOCABULARY_MOST || pieces_has(p, id))
        return;
    const size_t i = (size_t)id;
    if (i < p->n || make_room(p, i + 1))
        p->at[i] = strdup(name);
}

bool pieces_has(const struct pieces *p, int32_t id)
{
    return id >= 0 && (size_t)id < p->n && p->at[id] != NULL;
}

bool pieces_append(const struct pieces *p, int32_t id, struct buf *out)
{
    unsigned byte;
    if (!pieces_has(p, id))
        return false;
    const char *name = p->at[id];
    if (strncmp(name, as_bytes, sizeof as_bytes - 1) != 0)
        return buf_puts(out, name);
    for (const char *at = name + sizeof as_bytes - 1; sscanf(at, "\\x%2x", &byte) == 1; at += 4)
        buf_putc(out, (char)byte);
    return !buf_failed(out);
}
