/* Composer undo: a stack of copies. */
#include <config.h>

#include "ui/panes/composer-undo.h"

#include <stdlib.h>
#include <string.h>

static void drop_oldest(struct undo *u)
{
    u->bytes -= u->texts[0].size;
    free(u->texts[0].text);
    memmove(u->texts, u->texts + 1, --u->n * sizeof u->texts[0]);
}

void undo_push(struct undo *u, const char *text, size_t size, size_t cursor)
{
    while (u->n > 0 && (u->n == UNDO_MOST || u->bytes + size > UNDO_BYTES_MOST))
        drop_oldest(u);
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return;
    memcpy(copy, text, size);
    copy[size] = '\0';
    u->texts[u->n++] = (struct undo_text){copy, size, cursor};
    u->bytes += size;
}

bool undo_pop(struct undo *u, struct undo_text *out)
{
    if (u->n == 0)
        return false;
    *out = u->texts[--u->n];
    u->bytes -= out->size;
    return true;
}

void undo_clear(struct undo *u)
{
    while (u->n > 0)
        drop_oldest(u);
}
