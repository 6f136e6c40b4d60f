/* Help: pairs of a command and what it does, in two columns where there is room. Choosing one writes it, since most want
 * some words after them. */
#include <config.h>

#include "app/screen/help.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/screen/acts.h"
#include "app/screen/items.h"
#include "app/slash/commands.h"
#include "app/slash/prompts.h"
#include "app/text/choices.h"

enum { TEXT_MOST = 300 };

/* "list the saved conversations, numbered · [PAGE | archive | TAG] · also ls": what it does goes first, as the end is cut
 * off where there is no room for it. */
static void write_detail(const struct slash_command *c, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s", c->help, *c->usage != '\0' ? " · " : "", c->usage,
             *c->aliases != '\0' ? " · also " : "", c->aliases);
}

static void add_commands(struct items *items)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        char label[TEXT_MOST], detail[TEXT_MOST], typed[TEXT_MOST];
        snprintf(label, sizeof label, "/%s", c->name);
        snprintf(typed, sizeof typed, "/%s%s", c->name, *c->usage != '\0' ? " " : "");
        write_detail(c, detail, sizeof detail);
        items_add(items,
                  &(struct ui_item){
                      .label = label, .detail = detail, .command = typed, .act = ACT_WRITE, .group = "Commands"});
    }
}

/* The user's own, with what is wrong with those that can't be used. */
static void add_prompts(const struct screen *s, struct items *items)
{
    struct choices prompts = {0};
    prompts_offer(s->options, slash_commands, &prompts, "/");
    for (size_t i = 0; i < prompts.n; i++) {
        char typed[TEXT_MOST];
        snprintf(typed, sizeof typed, "%s ", prompts.at[i].word);
        items_add(items, &(struct ui_item){.label = prompts.at[i].word,
                                           .detail = prompts.at[i].detail,
                                           .command = typed,
                                           .act = ACT_WRITE,
                                           .group = "Prompts of your own"});
    }
    choices_free(&prompts);
}

static void add_typing(struct items *items)
{
    static const struct ui_item typing[] = {
        {.label = "f1", .detail = "all keys"},
        {.label = "ctrl-c", .detail = "stops an answer, or clears the line"},
        {.label = "ctrl-d", .detail = "on an empty line: leaves"},
        {.label = "alt-enter", .detail = "a new line of the message"},
        {.label = "a space, then /", .detail = "sends a message that begins with a slash"},
    };
    for (size_t i = 0; i < sizeof typing / sizeof *typing; i++) {
        struct ui_item item = typing[i];
        item.group = "Typing";
        items_add(items, &item);
    }
}

void screen_help_open(struct screen *s, const char *arguments, struct error *err)
{
    struct items items = {0};
    (void)arguments;
    add_commands(&items);
    add_prompts(s, &items);
    add_typing(&items);
    if (items.failed)
        error_set(err, ERR_MEMORY, "out of memory; this list is not complete");
    ui_pick(s->ui, "Help: type to find a command", items.at, items.n, UI_PICK_PAIRS);
    items_free(&items);
}
