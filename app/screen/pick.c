/* Pick: the items of such a popup. */
#include <config.h>

#include "app/screen/pick.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/options/endpoints.h"
#include "app/screen/acts.h"
#include "app/screen/items.h"
#include "app/screen/list.h"
#include "app/screen/theme.h"
#include "app/slash/commands.h"
#include "app/text/words.h"
#include "history/history.h"

enum { CONVERSATIONS_MOST = 4000 };

/* "model NAME", which runs "/model NAME". */
static void add_named(struct items *items, const char *kind, const char *name, const char *detail)
{
    char label[300], command[300];
    snprintf(label, sizeof label, "%s %s", kind, name);
    snprintf(command, sizeof command, "/%s %s", kind, name);
    items_add(items, &(struct ui_item){.label = label, .detail = detail, .command = command});
}

static void add_commands(const struct screen *s, struct items *items)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        char label[160], command[48];
        snprintf(command, sizeof command, "/%s", c->name);
        snprintf(label, sizeof label, "/%s %s", c->name, c->help);
        if (strcmp(c->name, "palette") != 0)
            items_add(items, &(struct ui_item){label, ui_key_of(s->ui, c->name), command, ACT_COMMAND, 0, 0});
    }
}

/* Servers of the user's file; they are asked which models they have when one is chosen. */
static void add_endpoints(const struct screen *s, struct items *items)
{
    struct endpoints all;
    struct error ignored = {0}; /* a file with a fault is told of when it is used */
    char name[80];
    if (endpoints_read(s->options, &all, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < all.written; i++) {
        snprintf(name, sizeof name, "@%s", all.at[i].name);
        add_named(items, "model", name, "remote");
    }
    endpoints_free(&all);
}

static void add_models(const struct screen *s, struct items *items)
{
    char **names = models_list(s->options);
    for (char **name = names; name != NULL && *name != NULL; name++)
        add_named(items, "model", *name, NULL);
    models_free_list(names);
    add_endpoints(s, items);
}

static void add_themes(const struct screen *s, struct items *items)
{
    const bool automatic = screen_theme_is_automatic(s);
    char **names = ui_themes(s->ui);
    add_named(items, "theme", "auto",
              automatic ? "in use: dark or light as the terminal" : "dark or light as the terminal");
    for (char **name = names; name != NULL && *name != NULL; name++)
        add_named(items, "theme", *name, !automatic && strcmp(*name, ui_theme(s->ui)) == 0 ? "in use" : NULL);
    free(names);
}

static void add_presets(const struct screen *s, struct items *items)
{
    struct words names = {0}, lines = {0};
    preset_list(s->repl.chat, &names, &lines);
    for (size_t i = 0; i < names.n && i < lines.n; i++)
        add_named(items, "preset", names.at[i], lines.at[i]);
    words_free(&names);
    words_free(&lines);
}

static void add_conversations(struct screen *s, struct items *items, struct error *err)
{
    struct store_conversations list = {0};
    const struct store_list_query query = {.view = STORE_VIEW_ALL, .limit = CONVERSATIONS_MOST};
    struct error why = {0};
    struct store *store = screen_list_store(s, &why);
    if (store == NULL || store_list(store, &query, &list, &why) != ERR_NONE) {
        if (why.code != ERR_NOT_FOUND) /* nothing is saved: the list is empty */
            error_set(err, why.code, "%s", why.message);
        return;
    }
    for (size_t i = 0; i < list.n; i++)
        items_add(items, &(struct ui_item){*list.at[i].title != '\0' ? list.at[i].title : "Untitled",
                                           list.at[i].archived ? "archived" : NULL, NULL, ACT_OPEN, list.at[i].id, 0});
    store_conversations_free(&list);
}

void screen_pick(struct screen *s, const char *title, unsigned kinds, struct error *err)
{
    struct items items = {0};
    if (kinds & PICK_COMMANDS)
        add_commands(s, &items);
    if (kinds & PICK_MODELS)
        add_models(s, &items);
    if (kinds & PICK_THEMES)
        add_themes(s, &items);
    if (kinds & PICK_PRESETS)
        add_presets(s, &items);
    if (kinds & PICK_CONVERSATIONS)
        add_conversations(s, &items, err);
    if (items.failed)
        error_set(err, ERR_MEMORY, "out of memory; this list is not complete");
    ui_pick(s->ui, title, items.at, items.n, false);
    if (kinds & PICK_THEMES)
        ui_tell_selected(s->ui);
    items_free(&items);
}
