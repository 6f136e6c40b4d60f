/* Help: the table of keys, for the program, for the manual and on the screen. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
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
static const char composer_help[] = "composer\n"
                                    "  enter                     send\n"
                                    "  alt-enter, ctrl-j         new line (also backslash and enter)\n"
                                    "  escape                    stop the answer; else to the transcript\n"
                                    "  ctrl-c                    stop the answer; else clear the line\n"
                                    "  ctrl-d                    on an empty line: leave\n"
                                    "  tab                       complete commands, names and files\n"
                                    "  up, down                  on the first and last line: earlier messages\n"
                                    "  ctrl-g, ctrl-x ctrl-e     write in $VISUAL or $EDITOR\n"
                                    "  others                    libedit's, emacs or vi, as your ~/.editrc says\n";

void ui_show_keys(struct ui *ui)
{
    struct buf text;
    const struct binding *b, *next;
    buf_init(&text, 1 << 16);
    buf_puts(&text, composer_help);
    enum place place = PLACE_COMPOSER;
    for (size_t i = 0; (b = bindings_at(ui->bindings, i)) != NULL; i++) {
        char keys[80];
        int size = snprintf(keys, sizeof keys, "%s", b->key);
        if (b->place != place)
            buf_printf(&text, "\n%s\n", place_name(b->place));
        place = b->place;
        for (; (next = bindings_at(ui->bindings, i + 1)) != NULL && next->help == NULL && next->place == place; i++)
            if (strcmp(next->command, b->command) == 0 && size < (int)sizeof keys)
                size += snprintf(keys + size, sizeof keys - (size_t)size, ", %s", next->key);
        buf_printf(&text, "  %-25s %s\n", keys, b->help != NULL ? b->help : b->command);
    }
    popup_set_view(ui->popup, "Keys", buf_text(&text), text.size, NULL, 0);
    state_show(ui->state, PANE_POPUP, true);
    buf_free(&text);
}
