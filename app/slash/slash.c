/* Slash: running a command, sending a message. */
#include <config.h>

#include "app/slash/slash.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/meaning/folder.h"
#include "app/options/options.h"
#include "app/slash/commands.h"
#include "app/slash/prompts.h"
#include "app/terminal/show.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"

void repl_init(struct repl *t, const struct options *o, struct show *show)
{
    *t = (struct repl){.commands = slash_commands, .options = o, .show = show};
    buf_init(&t->attached, CHAT_TEXT_MOST);
    buf_init(&t->attached_names, 65536);
    buf_init(&t->draft, CHAT_TEXT_MOST);
    buf_init(&t->sent, CHAT_TEXT_MOST);
}

void repl_free(struct repl *t)
{
    folder_free(t->folder);
    buf_free(&t->attached);
    buf_free(&t->attached_names);
    buf_free(&t->draft);
    buf_free(&t->sent);
    free(t->listed.at);
}

/* Without memory for it search has words alone. */
void repl_begin(struct repl *t)
{
    struct error err = {0};
    t->meaning = meaning_open(t->options, &err);
}

void repl_end(struct repl *t)
{
    meaning_free(t->meaning);
    btw_free(t->btw);
    t->meaning = NULL;
    t->btw = NULL;
}

void repl_pace(struct repl *t)
{
    const struct chat *c = t->chat;
    const bool answers = chat_is_busy(c) || chat_answers_elsewhere(c) > 0 || btw_runs(t->btw);
    meaning_pace(t->meaning, answers || chat_state(c) == CHAT_LOADING);
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* What fingers type that come from vi: :q, :w, :wq, :x, :q! */
static bool is_vi_word(const char *line)
{
    return line[0] == ':' && line[1] != '\0' && line[1 + strspn(line + 1, "qwx!")] == '\0';
}

bool slash_is_command(const char *line)
{
    if (is_vi_word(line))
        return true;
    if (line[0] != '/' || (!isalpha((unsigned char)line[1]) && line[1] != '?'))
        return false;
    return memchr(line + 1, '/', slash_name_size(line)) == NULL;
}

bool slash_is_untraced(const struct repl *t, const char *line)
{
    if (!slash_is_command(line))
        return false;
    const struct slash_command *command = slash_find(t->commands, line + 1, slash_name_size(line));
    return command != NULL && command->run == slash_btw;
}

static enum error_code report_command(const struct repl *t, const char *line, struct error *err)
{
    int size = (int)slash_name_size(line);
    char *name = strndup(line + 1, (size_t)size);
    struct nearest near = nearest_to(name != NULL ? name : "");
    struct choices prompts = {0};
    for (const struct slash_command *c = t->commands; c->name != NULL; c++)
        nearest_try(&near, c->name);
    prompts_offer(t->options, t->commands, &prompts, "");
    for (size_t i = 0; i < prompts.n; i++)
        nearest_try(&near, prompts.at[i].word);
    if (near.best != NULL)
        error_set(err, ERR_NOT_FOUND,
                  "there is no /%.*s; did you mean /%s? A space before the slash sends it as a message", size, line + 1,
                  near.best);
    else
        error_set(err, ERR_NOT_FOUND,
                  "there is no /%.*s; /help lists the commands, a space before the slash sends it as a message", size,
                  line + 1);
    choices_free(&prompts);
    free(name);
    return err->code;
}

/* Sends the message of a prompt file. */
static enum error_code run_prompt(struct repl *t, const char *name, const char *arguments, struct error *err)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    if (prompts_expand(t->options, name, arguments, &text, err) == ERR_NONE)
        repl_send(t, buf_text(&text));
    buf_free(&text);
    return err->code;
}

/* What follows the name of a command, without white space at either end; malloc'ed. */
static char *copy_arguments(const char *line)
{
    const char *from = line + 1 + slash_name_size(line);
    from += strspn(from, " \t\n");
    size_t size = strlen(from);
    while (size > 0 && strchr(" \t\n", from[size - 1]) != NULL)
        size--;
    return strndup(from, size);
}

/* A command that is not in the table: a prompt of the user's own, or none. */
static enum error_code run_unknown(struct repl *t, const char *line, struct error *err)
{
    char *name = strndup(line + 1, slash_name_size(line)), *arguments = copy_arguments(line);
    if (name == NULL || arguments == NULL)
        error_memory(err);
    else if (prompts_has(t->options, name))
        run_prompt(t, name, arguments, err);
    else
        report_command(t, line, err);
    free(name);
    free(arguments);
    return err->code;
}

static enum error_code run_line(struct repl *t, const char *line, struct error *err)
{
    if (is_vi_word(line) && strpbrk(line, "qx") == NULL)
        return error_set(err, ERR_UNSUPPORTED, "all is saved as it comes; /quit leaves, a space before %s sends it",
                         line);
    if (is_vi_word(line))
        line = "/quit";
    const struct slash_command *command = slash_find(t->commands, line + 1, slash_name_size(line));
    if (command == NULL)
        return run_unknown(t, line, err);
    char *arguments = copy_arguments(line);
    if (arguments == NULL)
        return error_memory(err);
    if (*arguments != '\0' && !command->arguments)
        error_set(err, ERR_ARGUMENT, "/%s takes no arguments", command->name);
    else if (t->front != NULL && t->front(t->context, command->name, arguments, err))
        ; /* the front end ran it */
    else if (command->run != NULL)
        command->run(t, arguments, err);
    else
        error_set(err, ERR_UNSUPPORTED, "/%s needs the full screen; this is line mode", command->name);
    free(arguments);
    return err->code;
}

bool slash_run(struct repl *t, const char *line)
{
    struct error err = {0};
    struct home *home = chat_home(t->chat);
    enum home_patience before = home_set_patience(home, HOME_SHORT_WAIT);
    run_line(t, line, &err);
    home_set_patience(home, before);
    if (err.code == ERR_NONE)
        return true;
    show_error(t->show, &err);
    bool alone = line[1 + slash_name_size(line)] == '\0' &&
                 slash_find(t->commands, line + 1, slash_name_size(line)) != NULL;
    if (!alone) {
        buf_clear(&t->draft);
        buf_puts(&t->draft, line);
    }
    return false;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

void repl_send(struct repl *t, const char *text)
{
    struct error err = {0};
    struct buf message;
    buf_init(&message, CHAT_TEXT_MOST);
    buf_puts(&message, text);
    if (t->attached.size > 0) {
        buf_puts(&message, *text != '\0' && !chat_continues_text(t->chat) ? "\n\n" : "");
        buf_append(&message, buf_text(&t->attached), t->attached.size);
    }
    buf_clear(&t->sent);
    buf_puts(&t->sent, text);
    if (repl_reads(t))
        error_set(&err, ERR_BUSY, "/read is still reading for your question; Esc stops it");
    else if (buf_failed(&message))
        error_set(&err, ERR_CONTEXT, "the message is larger than any context");
    else if (chat_is_busy(t->chat))
        chat_queue(t->chat, buf_text(&message), message.size, &err);
    else
        chat_send(t->chat, buf_text(&message), message.size, &err);
    if (err.code == ERR_NONE) {
        repl_detach(t);
    } else {
        show_error(t->show, &err);
        buf_clear(&t->draft);
        buf_puts(&t->draft, text);
    }
    buf_free(&message);
}
