/* Help: the table of keys, for the program, for the manual and on the screen. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/internal.h"
#include "ui/keys/bindings.h"
#include "ui/ui.h"

static void fill_binding(const struct binding *from, struct ui_binding *out)
{
    *out = (struct ui_binding){place_name(from->place), from->key, from->command, from->help};
}

bool ui_binding(const struct ui *ui, size_t index, struct ui_binding *out)
{
    const struct binding *binding = bindings_at(ui->bindings, index);
    if (binding != NULL)
        fill_binding(binding, out);
    return binding != NULL;
}

const char *ui_key_of(const struct ui *ui, const char *name)
{
    struct ui_binding b;
    for (size_t i = 0; ui_binding(ui, i, &b); i++)
        if (strcmp(b.command + (b.command[0] == '/'), name) == 0)
            return b.key;
    return NULL;
}

bool ui_default_binding(size_t index, struct ui_binding *out)
{
    size_t i = 0;
    while (i < index && bindings_default[i].key != NULL)
        i++;
    if (bindings_default[i].key != NULL)
        fill_binding(&bindings_default[i], out);
    return bindings_default[i].key != NULL;
}

/* The composer's keys are those of libedit, and these. */
static const struct ui_item composer_keys[] = {
    {.label = "enter", .detail = "send"},
    {.label = "alt-enter, ctrl-j", .detail = "new line (also shift-enter; backslash and enter)"},
    {.label = "escape", .detail = "stop the answer; else to the transcript; twice: the map"},
    {.label = "ctrl-c", .detail = "stop the answer; else clear the line"},
    {.label = "ctrl-d", .detail = "on an empty line: leave"},
    {.label = "/ and @", .detail = "the menu of commands, and of files to attach"},
    {.label = "tab", .detail = "what the menu has selected; opens it"},
    {.label = "paste", .detail = "a long one is folded; ctrl-g opens it"},
    {.label = "up, down", .detail = "on the first and last line: earlier messages"},
    {.label = "ctrl-g, ctrl-x ctrl-e", .detail = "write in $VISUAL or $EDITOR"},
    {.label = "others", .detail = "libedit's, emacs or vi, as your ~/.editrc says"},
};
enum { COMPOSER_KEYS = sizeof composer_keys / sizeof composer_keys[0], KEYS_TEXT = 80 };

/* All keys of binding number *i, "f1, alt-1"; *i moves to the last of them. */
static void write_keys(const struct bindings *bindings, size_t *i, char *out)
{
    const struct binding *b = bindings_at(bindings, *i), *next;
    int size = snprintf(out, KEYS_TEXT, "%s", b->key);
    for (; (next = bindings_at(bindings, *i + 1)) != NULL && next->help == NULL && next->place == b->place; ++*i)
        if (strcmp(next->command, b->command) == 0 && size < KEYS_TEXT)
            size += snprintf(out + size, (size_t)(KEYS_TEXT - size), ", %s", next->key);
}

void ui_show_keys(struct ui *ui)
{
    static const char *const groups[PLACES] = {"Anywhere", "Transcript", "List", "Settings", "Lens", "Composer"};
    size_t n = 0, most = COMPOSER_KEYS + bindings_count(ui->bindings);
    struct ui_item *items = calloc(most, sizeof *items);
    char(*keys)[KEYS_TEXT] = calloc(most, sizeof *keys);
    const struct binding *b;
    for (size_t i = 0; items != NULL && keys != NULL && i < COMPOSER_KEYS; i++) {
        items[n] = composer_keys[i];
        items[n++].group = groups[PLACE_COMPOSER];
    }
    for (size_t i = 0; items != NULL && keys != NULL && (b = bindings_at(ui->bindings, i)) != NULL; i++, n++) {
        write_keys(ui->bindings, &i, keys[n]);
        items[n] = (struct ui_item){.label = keys[n],
                                    .detail = b->help != NULL ? b->help : b->command,
                                    .group = groups[b->place]};
    }
    popup_set_pick(ui->popup, "Keys: type to find one", items, n, UI_PICK_PAIRS);
    state_show(ui->state, PANE_POPUP, true);
    free(items);
    free(keys);
}
