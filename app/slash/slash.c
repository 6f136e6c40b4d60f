/* Slash: the table, and finding one's way in it. */
#include <config.h>

#include "app/slash/slash.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/chat/models.h"
#include "app/text/nearest.h"
#include "app/slash/commands.h"

const struct slash_command slash_commands[] = {
    {"help", "? h", "[COMMAND]", "this list, or what a command does", SLASH_NAMES, true, slash_help},
    {"new", "clear reset", "", "begin a new conversation; settings stay", SLASH_NO_WORDS, false, slash_new},
    {"temp", "temporary", "[off]", "begin a chat of which nothing is saved", SLASH_NO_WORDS, true, slash_temp},
    {"list", "ls", "[PAGE | archive | TAG]", "the conversations that are kept, numbered", SLASH_TAGS, true, slash_list},
    {"open", "resume switch", "[N | ID | TITLE]", "open one of them; N as last listed", SLASH_CONVERSATIONS, true,
     slash_open},
    {"search", "", "WORD...", "find words in all conversations; /open N goes there", SLASH_NO_WORDS, true,
     slash_search},
    {"find", "", "WORD...", "find words in this conversation", SLASH_NO_WORDS, true,
     slash_find_words},
    {"rename", "title", "[TITLE]", "show or change what this conversation is called", SLASH_NO_WORDS, true,
     slash_rename},
    {"pin", "", "[off]", "keep this conversation at the top of the list", SLASH_NO_WORDS, true, slash_pin},
    {"archive", "", "[off]", "take this conversation out of the list", SLASH_NO_WORDS, true, slash_archive},
    {"tag", "", "[TAG... | -TAG...]", "show, add or take off tags", SLASH_TAGS, true, slash_tag},
    {"delete", "", "[N | ID | TITLE]", "this conversation (or another) into the trash", SLASH_CONVERSATIONS, true,
     slash_delete},
    {"trash", "", "[PAGE]", "what was deleted, numbered", SLASH_NO_WORDS, true, slash_trash},
    {"restore", "undelete", "[N | ID | TITLE]", "bring back what was deleted, the last one first", SLASH_DELETED, true,
     slash_restore},
    {"export", "", "[FILE]", "write this conversation: .md, .txt, .html or .json", SLASH_FILES, true, slash_export},
    {"import", "", "FILE...", "conversations from files, other programs' too", SLASH_FILES, true, slash_import},
    {"persona", "", "[NAME | save NAME | delete NAME]", "system message, settings, model by name", SLASH_PERSONAS,
     true, slash_persona},
    {"branch", "fork", "[N]", "go on in a copy of the first N messages", SLASH_NO_WORDS, true, slash_branch},
    {"verify", "", "[N]", "is an old answer made again the same?", SLASH_NO_WORDS, true, slash_verify},
    {"compare", "", "A [B...]", "answer by presets, settings, models side by side", SLASH_PRESETS, true, NULL},
    {"step", "", "[on | off]", "token by token: choose what each one is", SLASH_NO_WORDS, true, NULL},
    {"compact", "", "", "go on with a summary of the oldest messages", SLASH_NO_WORDS, false, slash_compact},
    {"regenerate", "regen retry", "", "make another answer; the present one stays too", SLASH_NO_WORDS, false,
     slash_regenerate},
    {"prev", "previous", "[N]", "show the answer (or message N) as it was before", SLASH_NO_WORDS, true,
     slash_previous},
    {"next", "", "[N]", "show the alternative after this one", SLASH_NO_WORDS, true, slash_next},
    {"continue", "", "", "go on with the last answer", SLASH_NO_WORDS, false, slash_continue},
    {"edit", "", "[N]", "edit the last message (or N); the old text stays too", SLASH_NO_WORDS, true, slash_edit},
    {"undo", "", "", "take the last message and its answer back", SLASH_NO_WORDS, false, slash_undo},
    {"redo", "", "", "give back what /undo took", SLASH_NO_WORDS, false, slash_redo},
    {"read", "file upload", "FILE...", "put text files into the next message", SLASH_FILES, true, slash_read},
    {"system", "", "[TEXT | off]", "show or set the system message", SLASH_NO_WORDS, true, slash_system},
    {"template", "", "[NAME | auto]", "show or choose the chat template", SLASH_TEMPLATES, true, slash_template},
    {"model", "load", "[NAME]", "show or change the model", SLASH_MODELS, true, slash_model},
    {"set", "", "[NAME [VALUE]]", "show or change a setting, e.g. /set temperature 0.7", SLASH_SETTINGS, true,
     slash_set},
    {"preset", "", "[NAME | save NAME | save model | delete NAME]", "sampling settings by name, or for a model",
     SLASH_PRESETS, true, slash_preset},
    {"save", "", "[NAME]", "what is saved, and how", SLASH_NO_WORDS, true, slash_save},
    {"settings", "", "", "show all settings", SLASH_NO_WORDS, false, slash_settings},
    {"seed", "", "[N | random]", "show or choose the seed of the random numbers", SLASH_NO_WORDS, true, slash_seed},
    {"prompt", "dump", "[FILE]", "the exact text and tokens the model was given", SLASH_FILES, true, slash_prompt},
    {"context", "tokens", "", "what the model sees, and how full its context is", SLASH_NO_WORDS, false,
     slash_context},
    {"stats", "", "", "how fast the last answer was", SLASH_NO_WORDS, false, slash_stats},
    {"think", "", "[show | hide]", "show or hide what a model thinks before it answers", SLASH_THINK, true,
     slash_think},
    {"copy", "", "", "copy the last answer to the clipboard", SLASH_NO_WORDS, false, slash_copy},
    {"theme", "", "[NAME]", "choose the colours of the screen", SLASH_NO_WORDS, true, NULL},
    {"keys", "", "", "all keys of the screen", SLASH_NO_WORDS, false, NULL},
    {"palette", "", "", "find any command, conversation, model or theme", SLASH_NO_WORDS, false, NULL},
    {"quit", "exit bye q", "", "leave (also Ctrl-D)", SLASH_NO_WORDS, false, slash_quit},
    {0},
};

void repl_init(struct repl *t, const struct options *o, struct show *show)
{
    *t = (struct repl){.options = o, .show = show};
    buf_init(&t->attached, CHAT_TEXT_MOST);
    buf_init(&t->draft, CHAT_TEXT_MOST);
    buf_init(&t->sent, CHAT_TEXT_MOST);
}

void repl_free(struct repl *t)
{
    buf_free(&t->attached);
    buf_free(&t->draft);
    buf_free(&t->sent);
    free(t->listed.at);
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

static bool has_alias(const struct slash_command *command, const char *name, size_t size)
{
    for (const char *alias = command->aliases; *alias != '\0'; alias += strspn(alias, " ")) {
        size_t length = strcspn(alias, " ");
        if (length == size && memcmp(alias, name, size) == 0)
            return true;
        alias += length;
    }
    return false;
}

const struct slash_command *slash_find(const char *name, size_t size)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++)
        if ((strlen(c->name) == size && memcmp(c->name, name, size) == 0) || has_alias(c, name, size))
            return c;
    return NULL;
}

/* The length of the name behind the slash. */
static size_t name_size(const char *line)
{
    return strcspn(line + 1, " \t\n");
}

bool slash_is_command(const char *line)
{
    if (strcmp(line, ":q") == 0)
        return true;
    if (line[0] != '/' || (!isalpha((unsigned char)line[1]) && line[1] != '?'))
        return false;
    return memchr(line + 1, '/', name_size(line)) == NULL;
}

static enum error_code unknown(const char *line, struct error *err)
{
    int size = (int)name_size(line);
    char *name = strndup(line + 1, (size_t)size);
    struct nearest near = nearest_to(name != NULL ? name : "");
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++)
        nearest_try(&near, c->name);
    if (near.best != NULL)
        error_set(err, ERR_NOT_FOUND, "there is no /%.*s; did you mean /%s? A blank before the slash sends it as text",
                  size, line + 1, near.best);
    else
        error_set(err, ERR_NOT_FOUND,
                  "there is no /%.*s; /help lists the commands, a blank before the slash sends it as text", size,
                  line + 1);
    free(name);
    return err->code;
}

static enum error_code run(struct repl *t, const char *line, struct error *err)
{
    const struct slash_command *command = slash_find(line + 1, name_size(line));
    if (command == NULL)
        return unknown(line, err);
    const char *from = line + 1 + name_size(line);
    from += strspn(from, " \t\n");
    size_t size = strlen(from);
    while (size > 0 && strchr(" \t\n", from[size - 1]) != NULL)
        size--;
    if (size > 0 && !command->arguments)
        return error_set(err, ERR_ARGUMENT, "nothing may follow /%s", command->name);
    char *arguments = strndup(from, size);
    if (arguments == NULL)
        return error_set(err, ERR_MEMORY, "no memory for a line");
    if (t->front != NULL && t->front(t->context, command->name, arguments, err))
        ; /* done there */
    else if (command->run != NULL)
        command->run(t, arguments, err);
    else
        error_set(err, ERR_UNSUPPORTED, "/%s is for the full screen; this is line mode", command->name);
    free(arguments);
    return err->code;
}

void slash_run(struct repl *t, const char *line)
{
    struct error err = {0};
    if (run(t, strcmp(line, ":q") == 0 ? "/quit" : line, &err) == ERR_NONE)
        return;
    show_error(t->show, &err);
    bool alone = line[1 + name_size(line)] == '\0' && slash_find(line + 1, name_size(line)) != NULL;
    if (!alone) {
        buf_clear(&t->draft);
        buf_puts(&t->draft, line);
    }
}

/* ---- completing ------------------------------------------------------------------------------------------------- */

static void try_word(struct words *candidates, const char *prefix, const char *word)
{
    if (strncmp(word, prefix, strlen(prefix)) == 0)
        words_add(candidates, word, strlen(word));
}

static void try_names(struct words *candidates, const char *prefix, const char *slash)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", slash, c->name);
        try_word(candidates, prefix, name);
    }
}

static void try_settings(struct words *candidates, const char *prefix)
{
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        try_word(candidates, prefix, field->name);
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        try_word(candidates, prefix, sampling_list_name(list));
    try_word(candidates, prefix, "system");
}

static void try_files(struct words *candidates, const char *prefix)
{
    glob_t found = {0};
    struct buf pattern;
    buf_init(&pattern, 4096);
    for (const char *p = prefix; *p != '\0'; p++)
        buf_printf(&pattern, strchr("*?[\\", *p) != NULL ? "\\%c" : "%c", *p);
    buf_putc(&pattern, '*');
    if (glob(buf_text(&pattern), GLOB_MARK, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            words_add(candidates, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    globfree(&found);
    buf_free(&pattern);
}

static void try_list(struct words *candidates, const char *prefix, char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++)
        try_word(candidates, prefix, *name);
}

static void try_words(const struct repl *t, enum slash_words words, struct words *candidates, const char *prefix)
{
    char **names = NULL;
    switch (words) {
    case SLASH_NO_WORDS:
        break;
    case SLASH_FILES:
        try_files(candidates, prefix);
        break;
    case SLASH_TEMPLATES:
        names = models_templates(t->options);
        try_list(candidates, prefix, names);
        free(names);
        break;
    case SLASH_MODELS:
        names = models_list(t->options);
        try_list(candidates, prefix, names);
        models_free_list(names);
        break;
    case SLASH_SETTINGS:
        try_settings(candidates, prefix);
        break;
    case SLASH_THINK:
        try_word(candidates, prefix, "show");
        try_word(candidates, prefix, "hide");
        break;
    case SLASH_NAMES:
        try_names(candidates, prefix, "");
        break;
    case SLASH_PRESETS:
        slash_offer_presets(t, prefix, candidates);
        break;
    case SLASH_CONVERSATIONS:
    case SLASH_DELETED:
    case SLASH_TAGS:
    case SLASH_PERSONAS:
        slash_offer(t, words, prefix, candidates);
        break;
    }
}

void slash_complete(const struct repl *t, const char *line, struct words *candidates, size_t *start)
{
    *start = strlen(line);
    if (line[0] != '/')
        return;
    if (line[1 + name_size(line)] == '\0') {
        *start = 0;
        try_names(candidates, line, "/");
        return;
    }
    const struct slash_command *command = slash_find(line + 1, name_size(line));
    bool whole = command != NULL && (command->words == SLASH_CONVERSATIONS || command->words == SLASH_DELETED);
    size_t arguments = 1 + name_size(line) + strspn(line + 1 + name_size(line), " \t\n");
    while (*start > arguments && (whole || strchr(" \t\n", line[*start - 1]) == NULL))
        --*start;
    if (command != NULL)
        try_words(t, command->words, candidates, line + *start);
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

void repl_send(struct repl *t, const char *text)
{
    struct error err = {0};
    struct buf message;
    buf_init(&message, CHAT_TEXT_MOST);
    buf_puts(&message, text);
    if (t->attached.size > 0) {
        buf_puts(&message, *text != '\0' ? "\n\n" : "");
        buf_append(&message, buf_text(&t->attached), t->attached.size);
    }
    buf_clear(&t->sent);
    buf_puts(&t->sent, text);
    if (buf_failed(&message))
        error_set(&err, ERR_CONTEXT, "the message is larger than any context");
    else
        chat_send(t->chat, buf_text(&message), message.size, &err);
    if (err.code == ERR_NONE) {
        buf_clear(&t->attached);
    } else {
        show_error(t->show, &err);
        buf_clear(&t->draft);
        buf_puts(&t->draft, text);
    }
    buf_free(&message);
}
