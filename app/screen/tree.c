/* Tree: the history has all branches, the chat only the one that is open. */
#include <config.h>

#include "app/screen/tree.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/screen/acts.h"
#include "app/screen/places.h"
#include "history/history.h"

struct screen_tree {
    int64_t compared[2]; /* the ends of the branches that are shown side by side; 0: none are */
};

struct screen_tree *screen_tree_new(void)
{
    return calloc(1, sizeof(struct screen_tree));
}

void screen_tree_free(struct screen_tree *tree)
{
    free(tree);
}

/* ---- the map ---------------------------------------------------------------------------------------------------- */

static int64_t open_leaf(const struct chat *c)
{
    return chat_count(c) > 0 ? chat_message(c, chat_count(c) - 1)->id : 0;
}

static void show_outline(struct screen *s, const struct store_outline *outline, struct error *err)
{
    const struct ui_tree_acts acts = {.leaf = open_leaf(s->repl.chat), .go = ACT_GO, .compare = ACT_COMPARE_BRANCHES};
    struct ui_node *nodes = calloc(outline->n + 1, sizeof *nodes);
    if (nodes == NULL) {
        error_memory(err);
        return;
    }
    for (size_t i = 0; i < outline->n; i++) {
        const struct store_node *from = &outline->at[i];
        nodes[i] = (struct ui_node){.id = from->id,
                                    .parent = from->parent,
                                    .speaker = from->role == STORE_ASSISTANT ? UI_MODEL : UI_YOU,
                                    .label = from->line,
                                    .bookmarked = screen_places_is_marked(s, from->id)};
    }
    ui_tree(s->ui, nodes, outline->n, &acts);
    free(nodes);
}

void screen_tree_open(struct screen *s, struct error *err)
{
    const struct home *home = chat_home(s->repl.chat);
    struct store_outline outline = {0};
    int64_t id = home_conversation(home);
    if (id == 0)
        error_set(err, ERR_NOT_FOUND, "this conversation has no message yet");
    else if (store_outline(home_store(home), id, &outline, err) == ERR_NONE)
        show_outline(s, &outline, err);
    store_outline_free(&outline);
}

/* ---- two branches ----------------------------------------------------------------------------------------------- */

static const struct store_node *find_node(const struct store_outline *outline, int64_t id)
{
    for (size_t i = 0; i < outline->n; i++)
        if (outline->at[i].id == id)
            return &outline->at[i];
    return NULL;
}

/* The ids from the first message to this one; malloc'ed, NULL when out of memory. */
static int64_t *path_to(const struct store_outline *outline, int64_t id, size_t *n)
{
    size_t depth = 0;
    for (const struct store_node *at = find_node(outline, id); at != NULL; at = find_node(outline, at->parent))
        depth++;
    int64_t *path = calloc(depth + 1, sizeof *path);
    *n = depth;
    for (const struct store_node *at = find_node(outline, id); path != NULL && at != NULL && depth > 0;
         at = find_node(outline, at->parent))
        path[--depth] = at->id;
    return path;
}

static void write_messages(struct screen *s, const int64_t *ids, size_t n, struct buf *out, struct error *err)
{
    struct store_messages messages = {0};
    if (n == 0 || store_load(home_store(chat_home(s->repl.chat)), ids, n, &messages, err) != ERR_NONE)
        return;
    for (size_t i = 0; i < messages.n; i++) {
        buf_printf(out, "%s%s:\n", i > 0 ? "\n\n" : "", messages.at[i].role == STORE_ASSISTANT ? "Palaver" : "You");
        buf_append(out, messages.at[i].text, messages.at[i].size);
    }
    store_messages_free(&messages);
}

static void show_branches(struct screen *s, const struct store_outline *outline, const int64_t ids[2],
                          struct error *err)
{
    int64_t *paths[2];
    size_t n[2], same = 0;
    char about[2][60];
    struct buf text[2];
    struct ui_compared sides[2];
    for (int i = 0; i < 2; i++) {
        buf_init(&text[i], CHAT_TEXT_MOST);
        paths[i] = path_to(outline, ids[i], &n[i]);
    }
    while (paths[0] != NULL && paths[1] != NULL && same < n[0] && same < n[1] && paths[0][same] == paths[1][same])
        same++;
    for (int i = 0; i < 2 && paths[0] != NULL && paths[1] != NULL && err->code == ERR_NONE; i++) {
        write_messages(s, paths[i] + same, n[i] - same, &text[i], err);
        snprintf(about[i], sizeof about[i], "Enter goes here");
        sides[i] = (struct ui_compared){i == 0 ? "first branch" : "second branch", buf_text(&text[i]), text[i].size,
                                        about[i], false};
    }
    char title[80];
    snprintf(title, sizeof title, "Two branches, after %zu message%s in common", same, same == 1 ? "" : "s");
    if (paths[0] == NULL || paths[1] == NULL)
        error_memory(err);
    if (err->code == ERR_NONE) {
        ui_compare(s->ui, title, sides, 2);
        memcpy(s->tree->compared, ids, sizeof s->tree->compared);
    }
    for (int i = 0; i < 2; i++) {
        free(paths[i]);
        buf_free(&text[i]);
    }
}

void screen_tree_compare(struct screen *s, int64_t a, int64_t b, struct error *err)
{
    const struct home *home = chat_home(s->repl.chat);
    const int64_t ids[2] = {a, b};
    struct store_outline outline = {0};
    if (chat_compared(s->repl.chat) > 0)
        error_set(err, ERR_BUSY, "answers are being compared; Esc ends that");
    else if (store_outline(home_store(home), home_conversation(home), &outline, err) == ERR_NONE)
        show_branches(s, &outline, ids, err);
    store_outline_free(&outline);
}

bool screen_tree_compares(const struct screen *s)
{
    return s->tree->compared[0] != 0;
}

void screen_tree_leave(struct screen *s)
{
    memset(s->tree->compared, 0, sizeof s->tree->compared);
    ui_compare(s->ui, "", NULL, 0);
}

void screen_tree_keep(struct screen *s, size_t side, struct error *err)
{
    int64_t to = s->tree->compared[side < 2 ? side : 0];
    screen_tree_leave(s);
    screen_places_go(s, to, err);
}
