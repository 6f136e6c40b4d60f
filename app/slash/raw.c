/* Slash commands: /raw, whether the model continues the text or holds a dialogue. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/error.h"
#include "engine/engine.h"

/* What the model does with the conversation. */
static void show_mode(struct repl *t)
{
    const struct chat_template *template = chat_template(t->chat);
    char label[160];
    models_template_label(template, label, sizeof label);
    if (template_is_base(template))
        show_note(t->show, "%s: what you type is added to it as it is", label);
    else if (strcmp(template_name(template), CHAT_PLAIN_WORDS) == 0 &&
             *model_info(chat_model(t->chat))->chat_template == '\0')
        show_note(t->show, "%s, as the model has no chat template; /template chooses another", label);
    else
        show_note(t->show, "%s", label);
    if (template_trouble(template) != NULL)
        show_note(t->show, "%s", template_trouble(template));
}

enum error_code slash_raw(struct repl *t, const char *arguments, struct error *err)
{
    bool on = strcasecmp(arguments, "on") == 0, off = strcasecmp(arguments, "off") == 0;
    if (*arguments != '\0' && !on && !off)
        return slash_usage(t, "raw", err);
    if ((on || off) && chat_set_raw(t->chat, on, err) != ERR_NONE)
        return err->code;
    if (chat_host(t->chat) != NULL)
        show_note(t->show, "dialogue · %s makes the prompt", chat_host(t->chat));
    else if (chat_template(t->chat) == NULL)
        show_note(t->show, "the model is still loading");
    else
        show_mode(t);
    return ERR_NONE;
}
