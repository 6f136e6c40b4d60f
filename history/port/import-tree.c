/* Trees: nodes in an array, linked by their numbers. */
#include <config.h>

#include "history/port/import-tree.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-entry.h"
#include "history/port/import-reader.h"

#define NONE SIZE_MAX

struct node {
    const char *key; /* owned by keys or by the file */
    const json_t *parent, *children, *value;
    size_t first, last, next; /* child, child, sibling: numbers of nodes or NONE */
    bool linked;              /* below another node */
    bool added;
    int64_t message; /* what it became, or the nearest node above that became one; 0: none */
};

struct import_tree {
    struct import *im;
    const struct import_tree_form *form;
    struct node *nodes;
    size_t n, capacity;
    json_t *numbers; /* key to number */
};

struct import_tree *import_tree_new(struct import *im, const struct import_tree_form *form)
{
    struct import_tree *t = calloc(1, sizeof *t);
    if (t == NULL || (t->numbers = json_object()) == NULL) {
        db_memory(im->s, im->err);
        free(t);
        return NULL;
    }
    t->im = im;
    t->form = form;
    return t;
}

void import_tree_free(struct import_tree *t)
{
    if (t == NULL)
        return;
    json_decref(t->numbers);
    free(t->nodes);
    free(t);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

/* A key as text: its own, or written into number; NULL when it is none. */
static const char *key_text(const json_t *key, char number[32])
{
    if (json_is_string(key))
        return json_string_value(key);
    if (!json_is_integer(key))
        return NULL;
    snprintf(number, 32, "%lld", (long long)json_integer_value(key));
    return number;
}

/* The number of the node with this key; NONE when there is none. */
static size_t find_node(const struct import_tree *t, const json_t *key)
{
    char number[32];
    const char *text = key_text(key, number);
    const json_t *found = text != NULL ? json_object_get(t->numbers, text) : NULL;
    return found != NULL ? (size_t)json_integer_value(found) : NONE;
}

static bool grow_nodes(struct import_tree *t)
{
    if (t->n < t->capacity)
        return true;
    size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;
    struct node *more = realloc(t->nodes, capacity * sizeof *more);
    if (more == NULL)
        return false;
    t->nodes = more;
    t->capacity = capacity;
    return true;
}

enum error_code import_tree_node(struct import_tree *t, const json_t *key, const json_t *parent, const json_t *children,
                                 const json_t *value)
{
    char number[32];
    const char *text = key_text(key, number);
    if (text == NULL)
        return import_fail(t->im, "id", "expected a string or a whole number");
    if (json_object_get(t->numbers, text) != NULL)
        return import_fail(t->im, "id", "\"%.80s\" stands for two messages", text);
    if (children != NULL && !json_is_null(children) && !json_is_array(children))
        return import_fail(t->im, "children", "expected an array");
    if (!grow_nodes(t) || json_object_set_new(t->numbers, text, json_integer((json_int_t)t->n)) != 0)
        return db_memory(t->im->s, t->im->err);
    t->nodes[t->n++] = (struct node){
        .parent = parent, .children = children, .value = value, .first = NONE, .last = NONE, .next = NONE};
    return ERR_NONE;
}

/* ---- links ------------------------------------------------------------------------------------------------------- */

static void link_child(struct import_tree *t, size_t parent, size_t child)
{
    struct node *above = &t->nodes[parent];
    if (above->first == NONE)
        above->first = child;
    else
        t->nodes[above->last].next = child;
    above->last = child;
    t->nodes[child].linked = true;
}

/* A link that leads nowhere or to a node below another. */
static enum error_code refuse_link(struct import_tree *t, size_t child, size_t index)
{
    if (!t->form->strict) {
        t->im->report->odd[STORE_IGNORED_LINKS]++;
        return ERR_NONE;
    }
    if (child == NONE)
        return import_fail(t->im, "children", "number %zu is no node of the %s", index, t->form->place);
    return import_fail(t->im, NULL, "is below two nodes");
}

static enum error_code link_children(struct import_tree *t, size_t parent)
{
    size_t i;
    const json_t *key, *children = t->nodes[parent].children;
    enum error_code code = ERR_NONE;
    json_array_foreach(children, i, key) {
        size_t child = find_node(t, key);
        if (code != ERR_NONE)
            break;
        if (child == NONE || child == parent || t->nodes[child].linked)
            code = refuse_link(t, child, i);
        else
            link_child(t, parent, child);
    }
    return code;
}

/* By the children that nodes name; what no node named hangs below the parent that it names itself. */
static enum error_code link_nodes(struct import_tree *t)
{
    const char *key;
    json_t *number;
    enum error_code code = ERR_NONE;
    json_object_foreach(t->numbers, key, number) {
        size_t i = (size_t)json_integer_value(number);
        t->nodes[i].key = key;
    }
    for (size_t i = 0; i < t->n && code == ERR_NONE; i++) {
        size_t length =
            import_enter(t->im, "%s%s.%.80s", t->im->where[0] != '\0' ? "." : "", t->form->place, t->nodes[i].key);
        code = link_children(t, i);
        import_leave(t->im, length);
    }
    for (size_t i = 0; i < t->n && code == ERR_NONE; i++) {
        size_t parent = t->nodes[i].linked ? NONE : find_node(t, t->nodes[i].parent);
        if (parent != NONE && parent != i)
            link_child(t, parent, i);
    }
    return code;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

static enum error_code add_node(struct import_tree *t, struct node *node, int64_t parent, int64_t conversation,
                                int64_t created)
{
    struct import_entry e;
    import_entry_init(&e, created);
    size_t length = import_enter(t->im, "%s%s.%.80s", t->im->where[0] != '\0' ? "." : "", t->form->place, node->key);
    node->message = parent;
    enum error_code code = t->form->read(t->im, node->value, &e);
    if (code == ERR_NONE)
        code = import_entry_add(t->im, &e, conversation, &node->message);
    import_leave(t->im, length);
    import_entry_free(&e);
    node->added = true;
    return code;
}

/* The walk: steps that are still to be taken. Each node is pushed once for its link and once as a root, at most. */
struct walk {
    struct step {
        size_t node;
        int64_t parent;
    } * steps;
    int64_t conversation, created;
    size_t last; /* the node that was added last; NONE */
};

/* Adds a root and all below it. */
static enum error_code add_from(struct import_tree *t, struct walk *w, size_t root)
{
    struct step *stack = w->steps;
    size_t depth = 0;
    enum error_code code = ERR_NONE;
    stack[depth++] = (struct step){root, 0};
    while (depth > 0 && code == ERR_NONE) {
        struct step step = stack[--depth];
        struct node *node = &t->nodes[step.node];
        if (node->added) /* a cycle, which only forms that are not strict let through */
            continue;
        code = add_node(t, node, step.parent, w->conversation, w->created);
        if (node->next != NONE && step.node != root)
            stack[depth++] = (struct step){node->next, step.parent};
        if (node->first != NONE)
            stack[depth++] = (struct step){node->first, node->message};
        w->last = step.node;
    }
    return code;
}

/* Nodes that form a cycle: an error, or the first of each becomes a root. */
static enum error_code add_cycles(struct import_tree *t, struct walk *w)
{
    size_t lost = 0;
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < t->n; i++)
        lost += !t->nodes[i].added;
    if (lost > 0 && t->form->strict)
        return import_fail(t->im, t->form->place, "%zu of %zu nodes hang on no root", lost, t->n);
    for (size_t i = 0; i < t->n && code == ERR_NONE && lost > 0; i++)
        if (!t->nodes[i].added) {
            t->im->report->odd[STORE_IGNORED_LINKS]++;
            code = add_from(t, w, i);
        }
    return code;
}

static enum error_code add_nodes(struct import_tree *t, struct walk *w)
{
    w->steps = calloc(2 * t->n + 2, sizeof *w->steps);
    enum error_code code = w->steps == NULL ? db_memory(t->im->s, t->im->err) : ERR_NONE;
    for (size_t i = 0; i < t->n && code == ERR_NONE; i++)
        if (!t->nodes[i].linked)
            code = add_from(t, w, i);
    if (code == ERR_NONE)
        code = add_cycles(t, w);
    free(w->steps);
    return code;
}

enum error_code import_tree_add(struct import_tree *t, int64_t conversation, int64_t created, const json_t *current)
{
    char number[32];
    struct walk w = {.conversation = conversation, .created = created, .last = NONE};
    size_t leaf = find_node(t, current);
    enum error_code code = link_nodes(t);
    if (code == ERR_NONE)
        code = add_nodes(t, &w);
    const char *wanted = key_text(current, number);
    if (code == ERR_NONE && leaf == NONE && wanted != NULL && t->form->strict)
        code = import_fail(t->im, "current_node", "no node \"%.80s\"", wanted);
    if (code != ERR_NONE)
        return code;
    if (leaf == NONE)
        leaf = w.last;
    return import_finish(t->im, conversation, leaf != NONE ? t->nodes[leaf].message : 0);
}
