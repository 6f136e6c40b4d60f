/* Commands: one table. */
#include <config.h>

#include "app/screen/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/chat/chat.h"
#include "app/options/options.h"
#include "app/screen/browse.h"
#include "app/screen/btw.h"
#include "app/screen/compare.h"
#include "app/screen/composer.h"
#include "app/screen/copy.h"
#include "app/screen/help.h"
#include "app/screen/marked.h"
#include "app/screen/pick.h"
#include "app/screen/places.h"
#include "app/screen/prompt.h"
#include "app/screen/search.h"
#include "app/screen/step.h"
#include "app/screen/theme.h"
#include "app/screen/tree.h"
#include "app/slash/commands.h"

/* ---- popups ----------------------------------------------------------------------------------------------------- */

static void pick_all(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_pick(s, "Commands, models, themes, presets, conversations", PICK_ALL, err);
}

static void pick_conversation(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_pick(s, "Open a conversation", PICK_CONVERSATIONS, err);
}

static void pick_model(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_browse_open(s, err);
}

static void pick_preset(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_pick(s, "Presets", PICK_PRESETS, err);
}

static void set_theme(struct screen *s, const char *arguments, struct error *err)
{
    if (*arguments == '\0')
        screen_pick(s, "Theme", PICK_THEMES, err);
    else
        screen_theme_choose(s, arguments, err);
}

static void show_prompt(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_prompt_show(s, err);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static void show_keys(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    ui_command(s->ui, "keys");
}

static void show_settings(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    ui_command(s->ui, "settings");
}

static void edit_message(struct screen *s, const char *arguments, struct error *err)
{
    size_t index;
    if (*arguments == '\0' && chat_continues_text(s->repl.chat))
        slash_edit_whole(&s->repl, err);
    else if (slash_find_message(&s->repl, "edit", arguments, slash_last_question(&s->repl), &index, err) == ERR_NONE)
        screen_composer_edit(s, index, err);
}

static void show_thoughts(struct screen *s, const char *arguments, struct error *err)
{
    bool show = strcasecmp(arguments, "show") == 0;
    if (*arguments != '\0' && !show && strcasecmp(arguments, "hide") != 0) {
        error_set(err, ERR_ARGUMENT, "/think takes show or hide, not '%s'", arguments);
        return;
    }
    if (*arguments != '\0')
        ui_set_think(s->ui, show);
    ui_notice(s->ui, false,
              ui_shows_think(s->ui) ? "what a model thinks before it answers is shown"
                                    : "what a model thinks before it answers is hidden");
}

static void copy_answer(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_copy_answer(s, err);
}

static void show_tree(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_tree_open(s, err);
}

static void pick_place(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_places_pick(s, err);
}

static void go_back(struct screen *s, const char *arguments, struct error *err)
{
    (void)arguments;
    screen_places_back(s, err);
}

static void set_bookmark(struct screen *s, const char *arguments, struct error *err)
{
    size_t index, n = chat_count(s->repl.chat);
    if (slash_find_message(&s->repl, "bookmark", arguments, n > 0 ? n - 1 : 0, &index, err) == ERR_NONE)
        screen_places_mark(s, index, err);
}

/* ---- options of the screen -------------------------------------------------------------------------------------- */

/* /set with the name of an option that says where text stands: until the program ends. False for another name. */
static bool set_column(struct screen *s, const char *arguments, struct error *err)
{
    char name[OPTION_NAME_MOST];
    struct options now = *s->options; /* whose strings are left alone */
    size_t size = strcspn(arguments, " =\t");
    const char *value = arguments + size + strspn(arguments + size, " =\t");
    snprintf(name, sizeof name, "%.*s", (int)size, arguments);
    const struct option_spec *spec = option_find(name, FOR_CHAT);
    bool width = spec != NULL && strcmp(spec->name, "text-width") == 0;
    if (!width && (spec == NULL || strcmp(spec->name, "text-align") != 0))
        return false;
    if (option_set(&now, spec, value, SOURCE_FLAG, err) != ERR_NONE)
        return true;
    if (width)
        ui_set_text_width(s->ui, now.text_width);
    else
        ui_set_text_centred(s->ui, now.text_align == TEXT_CENTER);
    return true;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct front {
    const char *name;
    bool alone; /* only without arguments: with some the repl runs it */
    void (*run)(struct screen *s, const char *arguments, struct error *err);
} fronts[] = {
    {"back", false, go_back},
    {"bookmark", false, set_bookmark},
    {"btw", false, screen_btw_ask},
    {"compare", false, screen_compare_begin},
    {"copy", false, copy_answer},
    {"edit", false, edit_message},
    {"find", false, screen_search_here},
    {"help", true, screen_help_open},
    {"jump", false, pick_place},
    {"keys", false, show_keys},
    {"list", true, pick_conversation},
    {"marked", false, screen_marked_run},
    {"model", true, pick_model},
    {"open", true, pick_conversation},
    {"palette", false, pick_all},
    {"preset", true, pick_preset},
    {"prompt", true, show_prompt},
    {"search", false, screen_search_open},
    {"settings", false, show_settings},
    {"step", false, screen_step_set},
    {"theme", false, set_theme},
    {"think", false, show_thoughts},
    {"tree", false, show_tree},
};

bool screen_command(void *context, const char *name, const char *arguments, struct error *err)
{
    struct screen *s = context;
    if (strcmp(name, "set") == 0)
        return set_column(s, arguments, err);
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        if (strcmp(fronts[i].name, name) == 0 && (*arguments == '\0' || !fronts[i].alone)) {
            fronts[i].run(s, arguments, err);
            return true;
        }
    return false;
}
