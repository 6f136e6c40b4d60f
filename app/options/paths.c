/* Paths: XDG base directories, with the specification's own fallbacks under HOME. */
#include <config.h>

#include "app/options/paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

enum { PATH_MOST = 4096 };

char *paths_join(const char *folder, const char *name)
{
    struct buf path;
    buf_init(&path, PATH_MOST);
    buf_printf(&path, "%s/%s", folder, name);
    char *text = buf_failed(&path) ? NULL : buf_take(&path);
    buf_free(&path);
    return text;
}

char *paths_beside(const char *name)
{
    char program[PATH_MOST];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    return paths_join(program, name);
}

/* The program's folder under $VARIABLE, or under $HOME/fallback. */
static char *find_folder(const char *variable, const char *home, const char *fallback)
{
    const char *base = getenv(variable);
    if (base != NULL && base[0] == '/')
        return paths_join(base, "palaver");
    char *under_home = paths_join(home, fallback);
    char *path = under_home != NULL ? paths_join(under_home, "palaver") : NULL;
    free(under_home);
    return path;
}

enum error_code paths_find(struct paths *p, struct error *err)
{
    const char *home = getenv("HOME");
    if (home == NULL || home[0] != '/') {
        const struct passwd *user = getpwuid(getuid());
        if (user == NULL)
            return error_set(err, ERR_NOT_FOUND, "HOME is not set and this user has no home folder; set HOME");
        home = user->pw_dir;
    }
    p->config_dir = find_folder("XDG_CONFIG_HOME", home, ".config");
    p->data_dir = find_folder("XDG_DATA_HOME", home, ".local/share");
    p->cache_dir = find_folder("XDG_CACHE_HOME", home, ".cache");
    p->state_dir = find_folder("XDG_STATE_HOME", home, ".local/state");
    if (p->config_dir == NULL || p->data_dir == NULL || p->cache_dir == NULL || p->state_dir == NULL)
        return error_set(err, ERR_MEMORY, "the path of a folder in XDG_*_HOME or HOME is too long");
    return ERR_NONE;
}

void paths_free(struct paths *p)
{
    free(p->config_dir);
    free(p->data_dir);
    free(p->cache_dir);
    free(p->state_dir);
    *p = (struct paths){0};
}
