/* Looking up names in Hugging Face's cache. */
#include <config.h>

#include "app/chat/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char prefix[] = "models--";
enum { PREFIX = sizeof prefix - 1 };

/* The folder that a variable names, or one below it; NULL when it is not set. */
static char *from_variable(const char *variable, const char *below)
{
    const char *value = getenv(variable);
    if (value == NULL || *value == '\0')
        return NULL;
    return below != NULL ? paths_join(value, below) : strdup(value);
}

char *hub_folder(const struct options *o)
{
    char *folder = from_variable("HF_HUB_CACHE", NULL);
    if (folder == NULL)
        folder = from_variable("HUGGINGFACE_HUB_CACHE", NULL);
    if (folder == NULL)
        folder = from_variable("HF_HOME", "hub");
    if (folder != NULL)
        return folder;
    char *cache = strdup(o->paths.cache_dir); /* Palaver's, beside which that of others lies */
    char *slash = cache != NULL ? strrchr(cache, '/') : NULL;
    if (slash != NULL)
        *slash = '\0';
    folder = slash != NULL ? paths_join(cache, "huggingface/hub") : NULL;
    free(cache);
    return folder;
}

/* Whether text[0..size) may be the name of an owner or of a model. */
static bool is_part(const char *text, size_t size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return size > 0 && size < 100 && *text != '.' && strspn(text, allowed) >= size;
}

bool hub_is_name(const char *name)
{
    const char *slash = strchr(name, '/');
    if (slash == NULL)
        return strncmp(name, prefix, PREFIX) == 0 && is_part(name + PREFIX, strlen(name + PREFIX));
    return is_part(name, (size_t)(slash - name)) && is_part(slash + 1, strlen(slash + 1));
}

char *hub_find(const struct options *o, const char *name)
{
    char own[256];
    const char *slash = strchr(name, '/');
    if (!hub_is_name(name))
        return NULL;
    if (slash != NULL)
        snprintf(own, sizeof own, "%s%.*s--%s", prefix, (int)(slash - name), name, slash + 1);
    else
        snprintf(own, sizeof own, "%s", name);
    char *folder = hub_folder(o);
    char *path = folder != NULL ? paths_join(folder, own) : NULL;
    struct stat status;
    free(folder);
    if (path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return path;
    free(path);
    return NULL;
}

const char *hub_label(const char *path, size_t *size)
{
    for (const char *part = path; part != NULL && *part != '\0';) {
        const size_t n = strcspn(part, "/");
        if (n > PREFIX && strncmp(part, prefix, PREFIX) == 0) {
            const char *label = part + PREFIX;
            for (const char *at = label; at + 2 < part + n; at++)
                label = at[0] == '-' && at[1] == '-' ? at + 2 : label;
            *size = (size_t)(part + n - label);
            return label;
        }
        part += n + (part[n] == '/');
    }
    return NULL;
}
