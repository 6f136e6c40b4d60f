/* Early: what an answer has before the history has a reply for it. */
#include <config.h>

#include "app/chat/early.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"

void early_keep(struct chat_message *m, const struct store_token *token)
{
    if (m->n_tokens == m->tokens_capacity) {
        size_t capacity = 2 * m->tokens_capacity + 64;
        struct store_token *more = realloc(m->tokens, capacity * sizeof *more);
        if (more == NULL)
            return;
        m->tokens = more;
        m->tokens_capacity = capacity;
    }
    m->tokens[m->n_tokens++] = *token;
}

void early_give(struct chat_message *m, struct store_reply *reply)
{
    struct error ignored = {0};
    store_reply_append(reply, buf_text(&m->text), m->text.size, NULL, &ignored);
    for (size_t i = 0; i < m->n_tokens; i++)
        store_reply_append(reply, "", 0, &m->tokens[i], &ignored);
    early_forget(m);
}

void early_forget(struct chat_message *m)
{
    free(m->tokens);
    m->tokens = NULL;
    m->n_tokens = m->tokens_capacity = 0;
}
