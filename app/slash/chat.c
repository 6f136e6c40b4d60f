/* Slash commands: the conversation, its template and model. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/chat/chat.h"
#include "app/chat/footprint.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum error_code slash_new(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    bool temporary = home_is_temporary(chat_home(t->chat));
    if (chat_new(t->chat, temporary, err) != ERR_NONE)
        return err->code;
    repl_detach(t);
    show_note(t->show, temporary ? "a new temporary conversation" : "a new conversation");
    return ERR_NONE;
}

enum error_code slash_temp(struct repl *t, const char *arguments, struct error *err)
{
    bool off = strcasecmp(arguments, "off") == 0;
    if (*arguments != '\0' && !off)
        return slash_usage(t, "temp", err);
    if (chat_new(t->chat, !off, err) != ERR_NONE)
        return err->code;
    repl_detach(t);
    show_note(t->show, off ? "a new conversation, which is saved"
                           : "a temporary conversation: nothing of it is saved; /temp off begins one that is saved");
    return ERR_NONE;
}

enum error_code slash_find_message(const struct repl *t, const char *command, const char *number, size_t fallback,
                                   size_t *index, struct error *err)
{
    char *end;
    unsigned long n = strtoul(number, &end, 10);
    size_t count = chat_count(t->chat);
    *index = fallback;
    if (count == 0)
        return error_set(err, ERR_NOT_FOUND, "there is no message yet");
    if (*number == '\0')
        return ERR_NONE;
    if (*end != '\0' || n < 1 || n > count)
        return error_set(err, ERR_ARGUMENT,
                         "/%s takes a number from 1 to %zu, as /context counts the messages, not '%s'", command, count,
                         number);
    *index = n - 1;
    return ERR_NONE;
}

enum error_code slash_branch(struct repl *t, const char *arguments, struct error *err)
{
    size_t index;
    if (slash_find_message(t, "branch", arguments, chat_count(t->chat) - 1, &index, err) != ERR_NONE ||
        chat_branch(t->chat, index, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "a separate conversation from here on; the other one is unchanged");
    return ERR_NONE;
}

enum error_code slash_verify(struct repl *t, const char *arguments, struct error *err)
{
    size_t index;
    if (slash_find_message(t, "verify", arguments, chat_count(t->chat) - 1, &index, err) != ERR_NONE)
        return err->code;
    return chat_verify(t->chat, index, err);
}

enum error_code slash_compact(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    return chat_compact(t->chat, err);
}

/* The length of a message's first line, cut to what a remark can hold. */
static int short_size(const char *text)
{
    size_t size = strcspn(text, "\n");
    if (size > 60)
        for (size = 60; ((unsigned char)text[size] & 0xC0) == 0x80; size--)
            ;
    return (int)size;
}

enum error_code slash_undo(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    const char *text;
    if (chat_undo(t->chat, &text, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "taken back: %.*s (/redo brings it back)", short_size(text), text);
    return ERR_NONE;
}

enum error_code slash_redo(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    const char *text;
    if (chat_redo(t->chat, &text, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "restored: %.*s", short_size(text), text);
    return ERR_NONE;
}

enum error_code slash_regenerate(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    return chat_regenerate(t->chat, err);
}

enum error_code slash_continue(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    return chat_continue(t->chat, err);
}

static enum error_code show_alternative(struct repl *t, const char *arguments, int step, struct error *err)
{
    size_t index;
    size_t fallback = chat_with_alternatives(t->chat);
    if (slash_find_message(t, step < 0 ? "prev" : "next", arguments, fallback, &index, err) != ERR_NONE)
        return err->code;
    if (index == chat_count(t->chat))
        return error_set(err, ERR_NOT_FOUND, "no message has other versions yet; /regenerate and /edit make some");
    if (chat_alternative(t->chat, index, step, err) != ERR_NONE)
        return err->code;
    const struct chat_message *m = chat_message(t->chat, index);
    show_note(t->show, "‹%d/%d›", (int)m->sibling + 1, (int)m->siblings);
    return ERR_NONE;
}

enum error_code slash_previous(struct repl *t, const char *arguments, struct error *err)
{
    return show_alternative(t, arguments, -1, err);
}

enum error_code slash_next(struct repl *t, const char *arguments, struct error *err)
{
    return show_alternative(t, arguments, 1, err);
}

enum error_code slash_system(struct repl *t, const char *arguments, struct error *err)
{
    bool off = strcasecmp(arguments, "off") == 0;
    if (*arguments != '\0' && chat_set_system(t->chat, off ? "" : arguments, err) != ERR_NONE)
        return err->code;
    if (*chat_system(t->chat) == '\0')
        show_note(t->show, "no system message");
    else if (*arguments != '\0' && !chat_system_is_unseen(t->chat)) /* else the chat has said so */
        show_note(t->show, "system message set; it takes effect with the next answer");
    else
        show_line(t->show, "%s", chat_system(t->chat));
    return ERR_NONE;
}

enum error_code slash_template(struct repl *t, const char *arguments, struct error *err)
{
    const char *name = strcasecmp(arguments, "auto") == 0 ? NULL : arguments;
    if (*arguments != '\0' && chat_set_template(t->chat, name, err) != ERR_NONE)
        return err->code;
    const struct chat_template *template = chat_template(t->chat);
    if (template == NULL && chat_host(t->chat) != NULL) {
        show_note(t->show, "%s makes the prompt, by a template of its own", chat_host(t->chat));
        return ERR_NONE;
    }
    if (template == NULL) {
        show_note(t->show, "the model is still loading");
        return ERR_NONE;
    }
    show_note(t->show, "template %s%s", template_name(template),
              template_is_base(template) ? " · continuing the text" : "");
    if (template_trouble(template) != NULL)
        show_note(t->show, "%s", template_trouble(template));
    return ERR_NONE;
}

/* A model that a server has. */
static void show_distant(struct repl *t)
{
    char context[40] = "its context is not told";
    if (chat_capacity(t->chat) > 0)
        snprintf(context, sizeof context, "context of %zu tokens", chat_capacity(t->chat));
    show_line(t->show, "%s", chat_model_path(t->chat));
    show_line(t->show, "  remote: %s, %s%s%s", chat_host(t->chat), context,
              *chat_fingerprint(t->chat) != '\0' ? ", system_fingerprint " : "", chat_fingerprint(t->chat));
    const char *model;
    int32_t tokens;
    for (size_t i = 0; (model = chat_host_model(t->chat, i, &tokens)) != NULL; i++)
        if (strcmp(model, chat_model_path(t->chat)) != 0)
            show_line(t->show, "  also there: %s", model);
}

enum error_code slash_model(struct repl *t, const char *arguments, struct error *err)
{
    if (*arguments != '\0') {
        if (chat_set_model(t->chat, arguments, err) != ERR_NONE)
            return err->code;
        show_note(t->show, "loading %s", arguments);
        return ERR_NONE;
    }
    if (chat_host(t->chat) != NULL && chat_is_ready(t->chat)) {
        show_distant(t);
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
    char parameters[32];
    show_line(t->show, "  %s, %s parameters, context of %zu tokens (trained with %d), template %s", info->type,
              footprint_parameters(info->parameters, parameters), chat_capacity(t->chat), (int)info->context,
              template_name(chat_template(t->chat)));
    return ERR_NONE;
}

/* ---- showing and leaving
 * --------------------------------------------------------------------------------------------------- */

enum error_code slash_think(struct repl *t, const char *arguments, struct error *err)
{
    if (strcasecmp(arguments, "hide") == 0)
        t->show->fold.hide = true;
    else if (strcasecmp(arguments, "show") == 0)
        t->show->fold.hide = false;
    else if (*arguments != '\0')
        return slash_usage(t, "think", err);
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

enum error_code slash_copy(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    size_t n = chat_count(t->chat);
    if (n == 0 || chat_message(t->chat, n - 1)->role != ROLE_ASSISTANT)
        return error_set(err, ERR_NOT_FOUND, "there is no answer yet to copy");
    if (!t->show->moves)
        return error_set(err, ERR_UNSUPPORTED,
                         "this terminal can't reach the clipboard; select the text with the mouse");
    const struct buf *text = &chat_message(t->chat, n - 1)->text;
    fputs("\033]52;c;", t->show->out);
    write_base64(t->show->out, (const unsigned char *)buf_text(text), text->size);
    fputs("\a", t->show->out);
    show_note(t->show, "%zu bytes sent to the terminal by OSC 52, which some terminals ignore", text->size);
    return ERR_NONE;
}

enum error_code slash_quit(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    t->quit = true;
    return ERR_NONE;
}
