/* Settings: keys for the field of a value. */
#include <config.h>

#include <string.h>
#include <wchar.h>

#include "ui/internal.h"

static void tell_typed(struct ui *ui, const char *typed)
{
    const char *name = settings_name(ui->settings);
    if (name != NULL)
        ui_tell(ui, &(struct ui_action){.kind = UI_SETTING_TYPED, .text = name, .typed = typed});
}

/* A digit begins a number. */
static bool begins_number(const struct key *key)
{
    return key->code == KEYS_CHARACTER && key->modifiers == 0 && wcschr(L"0123456789.-", key->character) != NULL;
}

bool settings_take_key(struct ui *ui, const struct key *key)
{
    struct field *field = settings_field(ui->settings);
    bool bound = bindings_find(ui->bindings, PLACE_SETTINGS, key) != NULL;
    if (!field->open && !bound && settings_is_number(ui->settings) && begins_number(key))
        settings_open_field(ui->settings, (const char[]){(char)key->character, '\0'});
    else if (!field->open)
        return false;
    else
        switch (field_key(field, key)) {
        case FIELD_UNUSED: return false;
        case FIELD_EDITED: break;
        case FIELD_LEFT: settings_typed(ui->settings, NULL); break;
        case FIELD_DONE: tell_typed(ui, field->text); break;
        }
    return true;
}
