/* Test: random operations on the store beside a plain tree in memory, compared after each. */
#include <config.h>

#include "tests/unit/history.h"

#define STEPS 3000
#define CONVERSATIONS 6
#define MESSAGES_MAX 8000

struct node {
    int64_t id;
    int conversation, parent, chosen; /* indexes into nodes; -1: none */
    int trashed;                      /* number of the deletion; 0: visible */
    char text[48];
};

static struct node nodes[MESSAGES_MAX];
static int n_nodes, deletions;
static struct {
    int64_t id;
    int leaf;
    bool alive, trashed;
} conversations[CONVERSATIONS];
static struct store *s;

static uint32_t seed = 12345;
static int draw(int n)
{
    seed = seed * 1664525 + 1013904223;
    return (int)((seed >> 8) % (uint32_t)n);
}

/* ---- the model: what the store should do ------------------------------------------------------------------------- */

static void model_leaf(int conversation, int leaf)
{
    conversations[conversation].leaf = leaf;
    for (int at = leaf; at >= 0 && nodes[at].parent >= 0; at = nodes[at].parent)
        nodes[nodes[at].parent].chosen = at;
}

static int model_descend(int at)
{
    for (;;) {
        int next = -1;
        for (int i = 0; i < n_nodes; i++) /* later ones stand later */
            if (nodes[i].parent == at && nodes[i].trashed == 0 && nodes[i].conversation == nodes[at].conversation)
                next = next >= 0 && next == nodes[at].chosen ? next : i;
        if (next < 0)
            return at;
        at = next;
    }
}

static void model_untrash(int at)
{
    for (int trashed = 1; at >= 0 && trashed != 0; at = nodes[at].parent) {
        trashed = nodes[at].trashed;
        for (int i = 0; i < n_nodes && trashed != 0; i++)
            if (nodes[i].conversation == nodes[at].conversation && nodes[i].trashed == trashed)
                nodes[i].trashed = 0;
    }
}

static void model_add(int conversation, int parent, int64_t id, const char *text)
{
    assert_true(n_nodes < MESSAGES_MAX);
    model_untrash(parent);
    nodes[n_nodes] = (struct node){.id = id, .conversation = conversation, .parent = parent, .chosen = -1};
    snprintf(nodes[n_nodes].text, sizeof nodes[n_nodes].text, "%s", text);
    model_leaf(conversation, n_nodes++);
}

static bool below(int at, int top)
{
    for (; at >= 0; at = nodes[at].parent)
        if (at == top)
            return true;
    return false;
}

static void model_delete(int at)
{
    int c = nodes[at].conversation;
    if (nodes[at].trashed != 0)
        return;
    deletions++;
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i].conversation == c && nodes[i].trashed == 0 && below(i, at))
            nodes[i].trashed = deletions;
    if (conversations[c].leaf < 0 || nodes[conversations[c].leaf].trashed == 0)
        return;
    int before = -1, after = -1;
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i].conversation == c && nodes[i].parent == nodes[at].parent && nodes[i].trashed == 0) {
            before = i < at ? i : before;
            after = i > at && after < 0 ? i : after;
        }
    int next = before >= 0 ? before : after;
    model_leaf(c, next >= 0 ? model_descend(next) : nodes[at].parent);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

static void compare_path(int conversation)
{
    struct error err = {0};
    struct store_ids ids = {0};
    struct store_conversation c = {0};
    history_ok(store_current(s, conversations[conversation].id, &ids, &err), &err);
    history_ok(store_conversation_get(s, conversations[conversation].id, &c, &err), &err);
    assert_int_equal(c.length, ids.n);
    assert_int_equal(c.trashed > 0, conversations[conversation].trashed);
    size_t at = ids.n;
    for (int i = conversations[conversation].leaf; i >= 0; i = nodes[i].parent) {
        assert_true(at > 0);
        assert_int_equal(ids.at[--at], nodes[i].id);
    }
    assert_int_equal(at, 0);
    store_ids_free(&ids);
    store_conversation_free(&c);
}

static void compare_message(int i)
{
    struct error err = {0};
    struct store_message m = {0};
    int sibling = 0, siblings = 0;
    for (int k = 0; k < n_nodes; k++)
        if (nodes[k].conversation == nodes[i].conversation && nodes[k].parent == nodes[i].parent &&
            nodes[k].trashed == 0) {
            siblings++;
            sibling += k < i;
        }
    history_ok(store_message_get(s, nodes[i].id, &m, &err), &err);
    assert_string_equal(m.text, nodes[i].text);
    assert_int_equal(m.siblings, siblings);
    assert_int_equal(m.sibling, sibling);
    assert_int_equal(m.parent, nodes[i].parent >= 0 ? nodes[nodes[i].parent].id : 0);
    store_message_free(&m);
}

/* Each text has a word of its own: it must be found when it is visible, and not otherwise. */
static void compare_search(int i)
{
    struct error err = {0};
    struct store_hits hits = {0};
    char word[16];
    bool visible = nodes[i].trashed == 0 && !conversations[nodes[i].conversation].trashed;
    sscanf(nodes[i].text, "%*s %15s", word);
    strcat(word, " ");
    history_ok(store_search(s, &(struct store_query){.text = word}, &hits, &err), &err);
    size_t n = 0;
    for (size_t k = 0; k < hits.n; k++)
        n += hits.at[k].message == nodes[i].id;
    assert_int_equal(n, visible);
    store_hits_free(&hits);
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static int any_message(int conversation)
{
    for (int tries = 0; tries < 50 && n_nodes > 0; tries++) {
        int i = draw(n_nodes);
        if (nodes[i].conversation == conversation)
            return i;
    }
    return -1;
}

static int64_t id_of(int i)
{
    return i >= 0 ? nodes[i].id : 0;
}

static void do_append(int c, int parent, bool stream)
{
    struct error err = {0};
    char text[48];
    int64_t id = 0;
    int size = snprintf(text, sizeof text, "text w%dx", n_nodes);
    if (!stream) {
        history_ok(store_append(s, conversations[c].id, id_of(parent), STORE_USER, text, (size_t)size, NULL, &id, &err),
                   &err);
    } else {
        struct store_reply *r = store_reply_begin(s, conversations[c].id, id_of(parent), STORE_ASSISTANT, NULL, &err);
        for (int i = 0; i < size; i++) {
            history_ok(store_reply_append(r, text + i, 1, NULL, &err), &err);
            if (draw(4) == 0)
                history_ok(store_reply_flush(r, &err), &err);
        }
        id = store_reply_message(r);
        if (draw(2) == 0)
            history_ok(store_reply_finish(r, STORE_STOPPED, NULL, &err), &err);
        store_reply_free(r);
    }
    model_add(c, parent, id, text);
}

static void do_new(int c)
{
    struct error err = {0};
    if (conversations[c].alive) {
        history_ok(store_purge(s, conversations[c].id, &err), &err);
        for (int i = 0; i < n_nodes; i++)
            if (nodes[i].conversation == c)
                nodes[i].conversation = -1;
    }
    history_ok(store_new(s, &conversations[c].id, &err), &err);
    conversations[c].alive = true;
    conversations[c].trashed = false;
    conversations[c].leaf = -1;
}

static void do_restore(int at)
{
    struct error err = {0};
    history_ok(store_restore_message(s, nodes[at].id, &err), &err);
    model_untrash(at);
    model_leaf(nodes[at].conversation, model_descend(at));
}

static void do_select(int at, bool leaf)
{
    struct error err = {0};
    enum error_code code = leaf ? store_select_leaf(s, nodes[at].id, &err) : store_select(s, nodes[at].id, &err);
    assert_int_equal(code, nodes[at].trashed != 0 ? ERR_NOT_FOUND : ERR_NONE);
    if (code == ERR_NONE)
        model_leaf(nodes[at].conversation, leaf ? at : model_descend(at));
}

/* The branch replaces another conversation. */
static void do_branch(int at, int to)
{
    struct error err = {0};
    int64_t id = 0;
    int path[MESSAGES_MAX], n = 0, parent = -1;
    if (to == nodes[at].conversation)
        return;
    history_ok(store_branch(s, nodes[at].id, &id, &err), &err);
    do_new(to);
    history_ok(store_purge(s, conversations[to].id, &err), &err);
    conversations[to].id = id;
    for (int i = at; i >= 0; i = nodes[i].parent)
        path[n++] = i;
    struct store_ids ids = {0};
    history_ok(store_current(s, id, &ids, &err), &err);
    assert_int_equal(ids.n, n);
    for (int i = 0; i < n; i++) {
        model_add(to, parent, ids.at[i], nodes[path[n - 1 - i]].text);
        parent = n_nodes - 1;
    }
    store_ids_free(&ids);
}

static void step(const char *file)
{
    struct error err = {0};
    int c = draw(CONVERSATIONS), at = any_message(c), kind = draw(100);
    if (!conversations[c].alive || kind == 0) {
        do_new(c);
    } else if (at < 0 || kind < 40) {
        do_append(c, draw(3) == 0 ? at : conversations[c].leaf, draw(3) == 0);
    } else if (kind < 50) {
        char text[48];
        int64_t id = 0;
        int size = snprintf(text, sizeof text, "edit w%dx", n_nodes);
        history_ok(store_edit(s, nodes[at].id, text, (size_t)size, &id, &err), &err);
        model_add(c, nodes[at].parent, id, text);
    } else if (kind < 65) {
        do_select(at, false);
    } else if (kind < 72) {
        do_select(at, true);
    } else if (kind < 82) {
        history_ok(store_delete_message(s, nodes[at].id, &err), &err);
        model_delete(at);
    } else if (kind < 90) {
        do_restore(at);
    } else if (kind < 93) {
        do_branch(at, draw(CONVERSATIONS));
    } else if (kind < 96) {
        conversations[c].trashed = !conversations[c].trashed;
        history_ok(conversations[c].trashed ? store_delete(s, conversations[c].id, &err)
                                            : store_restore(s, conversations[c].id, &err),
                   &err);
    } else if (kind < 97) {
        store_close(s);
        s = history_open(file);
    }
}

static void the_store_does_as_the_model(void **state)
{
    (void)state;
    s = history_open("model.db");
    for (int i = 0; i < STEPS; i++) {
        step("model.db");
        for (int c = 0; c < CONVERSATIONS; c++)
            if (conversations[c].alive)
                compare_path(c);
        int at = n_nodes > 0 ? draw(n_nodes) : -1;
        if (at >= 0 && nodes[at].conversation >= 0) {
            compare_message(at);
            compare_search(at);
        }
    }
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i].conversation >= 0) {
            compare_message(i);
            compare_search(i);
        }
    print_message("%d steps, %d messages, %d deletions\n", STEPS, n_nodes, deletions);
    store_close(s);
    history_sound(history_file("model.db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_store_does_as_the_model)};
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
