/* Who speaks: the roles by name. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "engine/engine.h"

static const char *const role_names[] = {"system", "user", "assistant"};

const char *role_name(enum role role)
{
    return role_names[role];
}

bool role_parse(const char *name, enum role *role)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(name, role_names[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}
