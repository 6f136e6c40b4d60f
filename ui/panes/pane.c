/* Pane: the reactions that several panes have. */
#include <config.h>

#include "ui/panes/pane.h"

#include <stdlib.h>
#include <string.h>

struct pane_reaction pane_taken(void)
{
    return (struct pane_reaction){.does = PANE_TAKEN};
}

struct pane_reaction pane_tell(enum ui_action_kind kind)
{
    return (struct pane_reaction){.does = PANE_TELL, .action = {.kind = kind}};
}

struct pane_reaction pane_tell_text(enum ui_action_kind kind, const char *text, size_t size)
{
    char *copy = text != NULL ? malloc(size + 1) : NULL;
    if (copy == NULL)
        return pane_taken();
    memcpy(copy, text, size);
    copy[size] = '\0';
    struct pane_reaction r = pane_tell(kind);
    r.text = copy;
    r.action.text = copy;
    r.action.size = size;
    return r;
}

struct pane_reaction pane_run(const char *command)
{
    return (struct pane_reaction){.does = PANE_RUN, .command = command};
}

struct pane_reaction pane_leave(const struct key *key, bool busy, bool esc_stops, const char *command)
{
    bool ctrl_c = pane_key_is_ctrl(key, L'c');
    if (key->code != KEYS_ESCAPE && !ctrl_c)
        return (struct pane_reaction){.does = PANE_UNUSED};
    return busy && (ctrl_c || esc_stops) ? pane_tell(UI_STOP) : pane_run(command);
}

bool pane_key_is_ctrl(const struct key *key, wchar_t letter)
{
    return key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL && key->character == letter;
}

bool pane_key_is_letter(const struct key *key, wchar_t letter)
{
    return key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character == letter;
}

bool pane_key_is_wheel(const struct key *key)
{
    return key->code == KEYS_MOUSE && (key->mouse.kind == MOUSE_WHEEL_UP || key->mouse.kind == MOUSE_WHEEL_DOWN);
}
