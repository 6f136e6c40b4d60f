/* Menu: what may stand at the cursor is asked for once for each word, the screen filters it key by key. */
#include <config.h>

#include "app/screen/menu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen/acts.h"
#include "app/screen/composer.h"
#include "app/screen/theme.h"
#include "app/slash/commands.h"
#include "app/text/choices.h"
#include "base/buf.h"

struct screen_menu {
    struct buf known; /* the text before the cursor on which the menu depends that was opened last */
};

struct screen_menu *screen_menu_new(void)
{
    struct screen_menu *menu = calloc(1, sizeof *menu);
    if (menu != NULL)
        buf_init(&menu->known, CHAT_TEXT_MOST);
    return menu;
}

void screen_menu_free(struct screen_menu *menu)
{
    if (menu != NULL)
        buf_free(&menu->known);
    free(menu);
}

/* ---- where the cursor is ---------------------------------------------------------------------------------------- */

/* The text before the cursor, and what may stand at its end. */
struct spot {
    char *line; /* malloc'ed */
    struct slash_place place;
    bool file; /* a file to attach: an @ stands before the word */
};

/* What follows the @ of a word that begins so, inside a message. */
static bool find_file(struct spot *spot)
{
    size_t start = strlen(spot->line);
    while (start > 0 && strchr(" \t\n", spot->line[start - 1]) == NULL)
        start--;
    if (spot->line[start] != '@')
        return false;
    spot->place = (struct slash_place){.start = start + 1, .files = true};
    spot->place.known = slash_known_path(spot->line, start + 1);
    return true;
}

/* False where nothing is offered. */
static bool find_spot(const struct screen *s, struct spot *spot)
{
    size_t size, cursor;
    const char *text = ui_typed(s->ui, &size, &cursor);
    bool command = size > 0 && text[0] == '/' && memchr(text, '\n', size) == NULL;
    *spot = (struct spot){.line = strndup(text, cursor)};
    if (spot->line == NULL || screen_composer_use(s, NULL, NULL) != USE_MESSAGE)
        return false;
    if (command)
        spot->place = slash_place(&s->repl, spot->line);
    else
        spot->file = find_file(spot);
    return command ? spot->place.names || spot->place.command != NULL : spot->file;
}

/* ---- what is offered -------------------------------------------------------------------------------------------- */

static void offer_themes(const struct screen *s, struct choices *choices)
{
    const bool automatic = screen_theme_is_automatic(s);
    char **names = ui_themes(s->ui);
    choices_offer(choices, "auto", automatic ? "in use" : "dark or light as the terminal");
    for (char **name = names; name != NULL && *name != NULL; name++)
        choices_offer(choices, *name, !automatic && strcmp(*name, ui_theme(s->ui)) == 0 ? "in use" : NULL);
    free(names);
}

static void collect_choices(const struct screen *s, const struct spot *spot, struct choices *choices)
{
    const struct slash_command *command = spot->place.command;
    if (command != NULL && strcmp(command->name, "theme") == 0)
        offer_themes(s, choices);
    else
        slash_choices(&s->repl, spot->line, &spot->place, choices);
}

static bool is_folder(const char *word)
{
    size_t size = strlen(word);
    return size > 0 && word[size - 1] == '/';
}

static struct ui_choice show_choice(const struct spot *spot, const struct choice *from)
{
    bool folder = is_folder(from->word);
    return (struct ui_choice){
        .word = from->word,
        .detail = from->detail,
        .also = from->also,
        .named = spot->place.names || spot->file,
        .runs = !folder && !spot->file && !from->needs,
        .act = spot->file && !folder ? ACT_ATTACH : 0,
    };
}

/* "/rename [TITLE] · show or change the title": says what may follow a command. */
static void write_title(const struct spot *spot, char *out, size_t size)
{
    const struct slash_command *command = spot->place.command;
    *out = '\0';
    if (spot->file)
        snprintf(out, size, "attach a file");
    else if (command != NULL && *command->usage != '\0')
        snprintf(out, size, "/%s %s · %s", command->name, command->usage, command->help);
}

static void open_menu(struct screen *s, const struct spot *spot, bool asked)
{
    struct choices choices = {0};
    char title[160];
    collect_choices(s, spot, &choices);
    struct ui_choice *shown = calloc(choices.n + 1, sizeof *shown);
    for (size_t i = 0; shown != NULL && i < choices.n; i++)
        shown[i] = show_choice(spot, &choices.at[i]);
    write_title(spot, title, sizeof title);
    buf_clear(&s->menu->known);
    buf_append(&s->menu->known, spot->line, spot->place.known);
    ui_set_menu(s->ui, spot->place.start, *title != '\0' ? title : NULL, shown, shown != NULL ? choices.n : 0, asked);
    if (asked && choices.n == 0)
        ui_notice(s->ui, false, "nothing is known that could stand here");
    free(shown);
    choices_free(&choices);
}

static bool is_known(const struct screen *s, const struct spot *spot)
{
    const struct buf *known = &s->menu->known;
    return ui_has_menu(s->ui, spot->place.start) && known->size == spot->place.known &&
           memcmp(buf_text(known), spot->line, known->size) == 0;
}

void screen_menu_follow(struct screen *s)
{
    struct spot spot;
    if (!find_spot(s, &spot) || !ui_wants_menu(s->ui, spot.place.start))
        ui_close_menu(s->ui);
    else if (!is_known(s, &spot))
        open_menu(s, &spot, false);
    free(spot.line);
}

void screen_menu_ask(struct screen *s)
{
    struct spot spot;
    if (find_spot(s, &spot))
        open_menu(s, &spot, true);
    else
        ui_notice(s->ui, false, "Tab completes commands, their arguments, and files after an @");
    free(spot.line);
}
