/* Supply: HF_ENDPOINT, HF_TOKEN and PIP_INDEX_URL, as other programs have them. */
#include <config.h>

#include "app/chat/supply.h"

#include <stdlib.h>
#include <string.h>

#include "app/options/paths.h"
#include "base/folder.h"
#include "engine/engine.h"

static const char *variable(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* An address from a variable, without the slashes at its end; malloc'ed. */
static char *address(const char *name, const char *otherwise)
{
    char *copy = strdup(variable(name, otherwise));
    for (size_t n = copy != NULL ? strlen(copy) : 0; n > 0 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    return copy;
}

enum error_code supply_open(struct supply *s, const struct options *o, struct error *err)
{
    *s = (struct supply){.folder = paths_join(o->paths.data_dir, "models"),
                         .hub = address("HF_ENDPOINT", "https://huggingface.co"),
                         .index = address("PIP_INDEX_URL", "https://pypi.org/simple")};
    if (s->folder == NULL || s->hub == NULL || s->index == NULL)
        return error_memory(err);
    return folder_make(s->folder, err);
}

void supply_free(struct supply *s)
{
    free(s->folder);
    free(s->hub);
    free(s->index);
    *s = (struct supply){0};
}

struct remote_options supply_options(const struct supply *s)
{
    return (struct remote_options){.folder = s->folder,
                                   .hub = s->hub,
                                   .token = variable("HF_TOKEN", NULL),
                                   .index = s->index};
}

enum error_code supply_check(const char *path, struct error *why, struct error *err)
{
    struct model *model = model_open(path, NULL, why);
    model_free(model);
    if (model == NULL && (why->code == ERR_FORMAT || why->code == ERR_CORRUPT))
        return error_set(err, why->code, "%s", why->message);
    return ERR_NONE;
}
