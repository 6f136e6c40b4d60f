/* Manners: counted by their users. */
#include <config.h>

#include "app/chat/manner.h"

#include <stddef.h>
#include <stdlib.h>

struct manner {
    size_t users;
    struct sampling settings;
};

struct manner *manner_new(const struct sampling *settings)
{
    struct manner *m = malloc(sizeof *m);
    if (m != NULL)
        *m = (struct manner){1, *settings};
    return m;
}

void manner_drop(struct manner *m)
{
    if (m != NULL && --m->users == 0)
        free(m);
}

static struct sampling settings_of(const struct manner *m)
{
    return m != NULL ? m->settings : sampling_defaults();
}

struct sampling manner_of(const struct chat_message *answer)
{
    struct sampling s = settings_of(answer->manner);
    s.seed = answer->seed;
    return s;
}

void manner_share(struct chat_message *answer, struct manner *m)
{
    if (m != NULL)
        m->users++;
    manner_drop(answer->manner);
    answer->manner = m;
    answer->seed = settings_of(m).seed;
}

bool manner_give(struct chat_message *answer, const struct sampling *settings)
{
    struct manner *m = manner_new(settings);
    if (m == NULL)
        return false;
    manner_share(answer, m);
    manner_drop(m);
    return true;
}
