/* Slash commands by name and alias. */
#include <config.h>

#include "app/slash/commands.h"

#include <string.h>

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

size_t slash_name_size(const char *line)
{
    return strcspn(line + 1, " \t\n");
}
