/* What all of the parser stands on: tokens and nodes. */
#include "config.h"

#include <string.h>

#include "engine/jinja/parse.h"

struct jnode *jparse_node(struct jparser *p, enum jnode_kind kind, int line)
{
    struct jnode *node = jheap_take(p->heap, sizeof *node);
    node->kind = kind;
    node->line = line;
    return node;
}

void jparse_add(struct jparser *p, struct jnode *node, struct jnode *item)
{
    node->items = jheap_room(p->heap, node->items, node->n, &node->capacity, sizeof *node->items);
    node->items[node->n++] = item;
}

const char *jparse_intern(struct jparser *p, const char *name, size_t size)
{
    jheap_work(p->heap, 1 + p->n_names / 4);
    for (size_t i = 0; i < p->n_names; i++)
        if (strncmp(p->names[i], name, size) == 0 && p->names[i][size] == '\0')
            return p->names[i];
    p->names = jheap_room(p->heap, p->names, p->n_names, &p->names_capacity, sizeof *p->names);
    return p->names[p->n_names++] = jheap_copy(p->heap, name, size);
}

bool jparse_is_name(const struct jtoken *t, const char *word)
{
    return t->kind == T_NAME && t->size == strlen(word) && memcmp(t->at, word, t->size) == 0;
}

bool jparse_at_name(const struct jparser *p, const char *word)
{
    return jparse_is_name(p->token, word);
}

bool jparse_skip(struct jparser *p, enum jtoken_kind kind)
{
    if (p->token->kind != kind)
        return false;
    p->token++;
    p->heap->line = p->token->line;
    return true;
}

bool jparse_skip_name(struct jparser *p, const char *word)
{
    return jparse_at_name(p, word) && jparse_skip(p, T_NAME);
}

void jparse_fail(struct jparser *p, const char *wanted)
{
    const struct jtoken *t = p->token;
    p->heap->line = t->line;
    if (t->kind == T_END)
        jheap_fail(p->heap, ERR_FORMAT, "the template ends where %s is expected", wanted);
    if (t->kind == T_DATA || t->kind == T_BLOCK_BEGIN || t->kind == T_PRINT_BEGIN)
        jheap_fail(p->heap, ERR_FORMAT, "%s is expected", wanted);
    jheap_fail(p->heap, ERR_FORMAT, "%s is expected, not '%.*s'", wanted, t->size < 40 ? (int)t->size : 40, t->at);
}

void jparse_expect(struct jparser *p, enum jtoken_kind kind, const char *wanted)
{
    if (!jparse_skip(p, kind))
        jparse_fail(p, wanted);
}

const char *jparse_expect_name(struct jparser *p, const char *wanted)
{
    const struct jtoken *t = p->token;
    jparse_expect(p, T_NAME, wanted);
    return jparse_intern(p, t->at, t->size);
}
