/* Slash commands: presets of sampling settings. */
#include <config.h>

#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/preset.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/words.h"
#include "base/error.h"

static void show_presets(struct repl *t)
{
    struct words names = {0}, lines = {0};
    preset_list(t->chat, &names, &lines);
    for (size_t i = 0; i < names.n && i < lines.n; i++)
        show_line(t->show, "  %-16s %s", names.at[i], lines.at[i]);
    words_free(&names);
    words_free(&lines);
}

static enum error_code save_for_model(struct repl *t, struct error *err)
{
    char name[256];
    chat_preset_name(t->chat, name, sizeof name);
    if (preset_save(t->chat, name, err) == ERR_NONE)
        show_note(t->show, "saved as %s: new conversations with this model begin with it; /preset delete %s ends that",
                  name, name);
    return err->code;
}

enum error_code slash_preset(struct repl *t, const char *arguments, struct error *err)
{
    const char *saved = slash_after(arguments, "save"), *deleted = slash_after(arguments, "delete");
    const char *name = saved != NULL ? saved : deleted != NULL ? deleted : arguments;
    if (*arguments == '\0') {
        show_presets(t);
        return ERR_NONE;
    }
    if (*name == '\0')
        return slash_usage(t, "preset", err);
    if (saved != NULL && strcmp(name, "model") == 0)
        return save_for_model(t, err);
    if (saved != NULL     ? preset_save(t->chat, name, err)
        : deleted != NULL ? preset_delete(t->chat, name, err)
                          : preset_use(t->chat, name, err))
        return err->code;
    const char *template = saved == NULL && deleted == NULL ? preset_template(t->chat, name) : NULL;
    show_note(t->show,
              saved != NULL      ? "saved; /preset %s uses it"
              : deleted != NULL  ? "deleted: %s"
              : template != NULL ? "preset %s, and the template %s"
                                 : "preset %s",
              name, template);
    return ERR_NONE;
}

enum error_code slash_save(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    show_note(t->show,
              "the conversation is saved as it grows; /preset save NAME keeps the settings, /persona save NAME "
              "the system message too, /export FILE writes the conversation");
    return ERR_NONE;
}

void slash_offer_presets(const struct repl *t, struct choices *choices)
{
    struct words names = {0}, lines = {0};
    preset_list(t->chat, &names, &lines);
    for (size_t i = 0; i < names.n && i < lines.n; i++)
        choices_offer(choices, names.at[i], lines.at[i]);
    words_free(&names);
    words_free(&lines);
}
