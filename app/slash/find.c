/* Slash commands by name and alias, and their usage. */
#include <config.h>

#include <string.h>

#include "app/slash/commands.h"
#include "base/error.h"

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

const struct slash_command *slash_find(const struct slash_command *commands, const char *name, size_t size)
{
    for (const struct slash_command *c = commands; c->name != NULL; c++)
        if ((strlen(c->name) == size && memcmp(c->name, name, size) == 0) || has_alias(c, name, size))
            return c;
    return NULL;
}

const char *slash_after(const char *arguments, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(arguments, word, size) != 0 || (arguments[size] != ' ' && arguments[size] != '\0'))
        return NULL;
    return arguments + size + strspn(arguments + size, " ");
}

enum error_code slash_usage(const struct repl *t, const char *name, struct error *err)
{
    const struct slash_command *c = slash_find(t->commands, name, strlen(name));
    return error_set(err, ERR_ARGUMENT, "usage: /%s %s", name, c != NULL ? c->usage : "");
}

size_t slash_name_size(const char *line)
{
    return strcspn(line + 1, " \t\n");
}
