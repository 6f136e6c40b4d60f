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
#include "app/library/conversations.h"
#include "app/options/endpoints.h"
#include "app/screen/acts.h"
#include "app/screen/items.h"
#include "app/screen/list.h"
#include "app/screen/theme.h"
#include "app/slash/commands.h"
#include "app/text/words.h"
#include "base/clock.h"
#include "history/history.h"

enum { CONVERSATIONS_MOST = 4000 };

/* NAME, which runs "/model NAME" or another command; its group says what it is. */
static void add_named(struct items *items, const char *kind, const char *group, const char *name, const char *detail)
{
    char command[300];
    snprintf(command, sizeof command, "/%s %s", kind, name);
    items_add(items, &(struct ui_item){.label = name, .detail = detail, .command = command, .group = group});
}

static void add_commands(const struct screen *s, struct items *items)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        char detail[160], command[48];
        const char *key = ui_key_of(s->ui, c->name);
        snprintf(command, sizeof command, "/%s", c->name);
        snprintf(detail, sizeof detail, "%s%s%s%s", c->help, key != NULL ? " (" : "", key != NULL ? key : "",
                 key != NULL ? ")" : "");
        if (strcmp(c->name, "palette") != 0)
            items_add(items,
                      &(struct ui_item){.label = command, .detail = detail, .command = command, .group = "Commands"});
    }
}

static void add_endpoint(void *items, const char *name)
{
    add_named(items, "model", "Models", name, "remote");
}

/* The models of the server in use, and servers of the user's file, which are asked for theirs when one is chosen. */
static void add_endpoints(const struct screen *s, struct items *items)
{
    const char *model;
    int32_t context;
    for (size_t i = 0; (model = chat_host_model(s->repl.chat, i, &context)) != NULL; i++)
        add_named(items, "model", "Models", model, "remote");
    endpoints_offer(s->options, add_endpoint, items);
}

static void add_models(const struct screen *s, struct items *items)
{
    char **names = models_list(s->options);
    for (char **name = names; name != NULL && *name != NULL; name++)
        add_named(items, "model", "Models", *name, NULL);
    models_free_list(names);
    add_endpoints(s, items);
}

static void add_themes(const struct screen *s, struct items *items)
{
    const bool automatic = screen_theme_is_automatic(s);
    char **names = ui_themes(s->ui);
    add_named(items, "theme", "Themes", "auto",
              automatic ? "in use: dark or light as the terminal" : "dark or light as the terminal");
    for (char **name = names; name != NULL && *name != NULL; name++)
        add_named(items, "theme", "Themes", *name, !automatic && strcmp(*name, ui_theme(s->ui)) == 0 ? "in use" : NULL);
    free(names);
}

static void add_presets(const struct screen *s, struct items *items)
{
    struct words names = {0}, lines = {0};
    preset_list(s->repl.chat, &names, &lines);
    for (size_t i = 0; i < names.n && i < lines.n; i++)
        add_named(items, "preset", "Presets", names.at[i], lines.at[i]);
    words_free(&names);
    words_free(&lines);
}

static void add_conversation(struct items *items, const struct store_conversation *c, int64_t now)
{
    char when[LIBRARY_TIME_SIZE];
    library_age(c->changed, now, when);
    items_add(items, &(struct ui_item){.label = *c->title != '\0' ? c->title : "Untitled",
                                       .detail = when,
                                       .act = ACT_OPEN,
                                       .a = c->id,
                                       .group = c->archived              ? "Archived"
                                                : c->pinned              ? "Pinned"
                                                : library_is_one_shot(c) ? "One-shot"
                                                                         : "Conversations"});
}

static void add_conversations(struct screen *s, struct items *items, struct error *err)
{
    struct store_conversations list = {0};
    const struct store_list_query query = {.view = STORE_VIEW_ALL,
                                           .last = LIBRARY_ONE_SHOT,
                                           .limit = CONVERSATIONS_MOST,
                                           .uncounted = true};
    struct error why = {0};
    struct store *store = screen_list_store(s, &why);
    if (store == NULL || store_list(store, &query, &list, &why) != ERR_NONE) {
        if (why.code != ERR_NOT_FOUND) /* nothing is saved: the list is empty */
            error_set(err, why.code, "%s", why.message);
        return;
    }
    int64_t now = clock_wall();
    for (size_t i = 0; i < list.n; i++)
        add_conversation(items, &list.at[i], now);
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
    ui_pick(s->ui, title, items.at, items.n, UI_PICK_FILTERS);
    if (kinds & PICK_THEMES)
        ui_tell_selected(s->ui);
    items_free(&items);
}
