/* Undone: a handful of leaves, the last one last. */
#include <config.h>

#include "app/chat/undone.h"

#include <stdlib.h>

#include "app/chat/chat.h"
#include "base/buf.h"

struct undone {
    int64_t *leaves;
    size_t n;
    struct buf question;
};

struct undone *undone_new(void)
{
    struct undone *u = calloc(1, sizeof *u);
    if (u != NULL)
        buf_init(&u->question, CHAT_TEXT_MOST);
    return u;
}

void undone_free(struct undone *u)
{
    if (u == NULL)
        return;
    buf_free(&u->question);
    free(u->leaves);
    free(u);
}

bool undone_push(struct undone *u, int64_t leaf, const char *question, size_t size)
{
    int64_t *more = realloc(u->leaves, (u->n + 1) * sizeof *more);
    if (more == NULL)
        return false;
    u->leaves = more;
    u->leaves[u->n++] = leaf;
    buf_clear(&u->question);
    return buf_append(&u->question, question, size);
}

int64_t undone_last(const struct undone *u)
{
    return u->n > 0 ? u->leaves[u->n - 1] : 0;
}

const char *undone_question(const struct undone *u)
{
    return buf_text(&u->question);
}

void undone_drop_last(struct undone *u)
{
    u->n -= u->n > 0;
}

void undone_clear(struct undone *u)
{
    u->n = 0;
}
