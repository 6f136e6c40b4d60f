/* Slash commands: the conversation. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/nearest.h"
#include "app/slash-commands.h"

enum error_code slash_new(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    if (chat_clear(t->chat, err) != ERR_NONE)
        return err->code;
    buf_clear(&t->attached);
    show_note(t->show, "a new conversation");
    return ERR_NONE;
}

/* The first line of a message, short enough for a remark. */
static int short_size(const char *text)
{
    size_t size = strcspn(text, "\n");
    if (size > 60)
        for (size = 60; ((unsigned char)text[size] & 0xC0) == 0x80; size--)
            ;
    return (int)size;
}

enum error_code slash_undo(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    const char *text;
    if (chat_undo(t->chat, &text, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "taken back: %.*s (/redo gives it back)", short_size(text), text);
    return ERR_NONE;
}

enum error_code slash_redo(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    const char *text;
    if (chat_redo(t->chat, &text, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "given back: %.*s", short_size(text), text);
    return ERR_NONE;
}

enum error_code slash_regenerate(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    return chat_regenerate(t->chat, err);
}

enum error_code slash_continue(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    return chat_continue(t->chat, err);
}

/* Takes the message back, lets it be edited, and sends it; unchanged or emptied it is given back. */
enum error_code slash_edit(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    const char *text;
    struct buf edited;
    if (chat_undo(t->chat, &text, err) != ERR_NONE)
        return err->code;
    buf_init(&edited, CHAT_TEXT_MOST);
    buf_puts(&edited, text);
    bool changed = false;
    if (t->edit == NULL) {
        buf_clear(&t->draft);
        buf_puts(&t->draft, text);
    } else {
        changed = t->edit(t->context, &edited, err) == ERR_NONE && edited.size > 0 && strcmp(edited.data, text) != 0;
        if (changed) {
            show_line(t->show, "%s", buf_text(&edited));
            talk_send(t, buf_text(&edited));
        } else {
            chat_redo(t->chat, NULL, err);
            if (err->code == ERR_NONE)
                show_note(t->show, "nothing changed");
        }
    }
    buf_free(&edited);
    return err->code;
}

enum error_code slash_system(struct talk *t, const char *arguments, struct error *err)
{
    bool off = strcasecmp(arguments, "off") == 0;
    if (*arguments != '\0' && chat_set_system(t->chat, off ? "" : arguments, err) != ERR_NONE)
        return err->code;
    if (*chat_system(t->chat) == '\0')
        show_note(t->show, "no system message");
    else if (*arguments != '\0')
        show_note(t->show, "system message set; it acts from the next answer on");
    else
        show_line(t->show, "%s", chat_system(t->chat));
    return ERR_NONE;
}

enum error_code slash_template(struct talk *t, const char *arguments, struct error *err)
{
    const char *name = strcasecmp(arguments, "auto") == 0 ? NULL : arguments;
    if (*arguments != '\0' && chat_set_template(t->chat, name, err) != ERR_NONE)
        return err->code;
    const struct chat_template *template = chat_template(t->chat);
    if (template == NULL)
        show_note(t->show, "the model is still loading");
    else
        show_note(t->show, "template %s%s", template_name(template),
                  template_is_base(template) ? " · continues the text" : "");
    return ERR_NONE;
}

enum error_code slash_model(struct talk *t, const char *arguments, struct error *err)
{
    if (*arguments != '\0') {
        if (chat_set_model(t->chat, arguments, err) != ERR_NONE)
            return err->code;
        show_note(t->show, "loading %s", arguments);
        return ERR_NONE;
    }
    const struct model *model = chat_model(t->chat);
    if (model == NULL) {
        show_note(t->show, "loading %s", chat_model_path(t->chat));
        return ERR_NONE;
    }
    const struct model_info *info = model_info(model);
    show_line(t->show, "%s", info->name);
    show_line(t->show, "  %s", chat_model_path(t->chat));
    show_line(t->show, "  %s, %.3g million parameters, context of %zu tokens (trained with %d), template %s", info->type,
              (double)info->parameters / 1e6, chat_capacity(t->chat), (int)info->context,
              template_name(chat_template(t->chat)));
    return ERR_NONE;
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

enum error_code slash_think(struct talk *t, const char *arguments, struct error *err)
{
    if (strcasecmp(arguments, "hide") == 0)
        t->show->fold.hide = true;
    else if (strcasecmp(arguments, "show") == 0)
        t->show->fold.hide = false;
    else if (*arguments != '\0')
        return error_set(err, ERR_ARGUMENT, "/think show or /think hide");
    show_note(t->show, "what a model thinks before it answers is %s", t->show->fold.hide ? "hidden" : "shown");
    return ERR_NONE;
}

static void write_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < size)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size)
            group |= bytes[i + 2];
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(i + 1 < size ? digits[group >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[group & 63] : '=', out);
    }
}

enum error_code slash_copy(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    size_t n = chat_count(t->chat);
    if (n == 0 || chat_message(t->chat, n - 1)->role != ROLE_ASSISTANT)
        return error_set(err, ERR_NOT_FOUND, "there is no answer yet to copy");
    if (!t->show->moves)
        return error_set(err, ERR_UNSUPPORTED, "this terminal takes no text for the clipboard; select it by hand");
    const struct buf *text = &chat_message(t->chat, n - 1)->text;
    fputs("\033]52;c;", t->show->out);
    write_base64(t->show->out, (const unsigned char *)buf_text(text), text->size);
    fputs("\a", t->show->out);
    show_note(t->show, "%zu bytes sent to the terminal by OSC 52; whether it takes them is its choice", text->size);
    return ERR_NONE;
}

enum error_code slash_quit(struct talk *t, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    t->quit = true;
    return ERR_NONE;
}
