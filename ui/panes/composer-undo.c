/* Composer undo: a stack of copies. */
#include <config.h>

#include "ui/panes/composer-undo.h"

#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const struct edit_copy *copy)
{
    return (copy->size + 1) * sizeof *copy->text;
}

static void drop_oldest(struct undo *u)
{
    u->bytes -= bytes_of(&u->texts[0]);
    free(u->texts[0].text);
    memmove(u->texts, u->texts + 1, --u->n * sizeof u->texts[0]);
}

void undo_push(struct undo *u, const struct edit_copy *copy)
{
    const size_t bytes = bytes_of(copy);
    while (u->n > 0 && (u->n == UNDO_MOST || u->bytes + bytes > UNDO_BYTES_MOST))
        drop_oldest(u);
    wchar_t *text = malloc(bytes);
    if (text == NULL)
        return;
    memcpy(text, copy->text, bytes);
    u->texts[u->n++] = (struct edit_copy){text, copy->size, copy->cursor};
    u->bytes += bytes;
}

bool undo_pop(struct undo *u, struct edit_copy *out)
{
    if (u->n == 0)
        return false;
    *out = u->texts[--u->n];
    u->bytes -= bytes_of(out);
    return true;
}

void undo_clear(struct undo *u)
{
    while (u->n > 0)
        drop_oldest(u);
}
