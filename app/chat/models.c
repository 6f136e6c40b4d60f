/* Models: looking up names in the models folder, which holds a handful of files. */
#include <config.h>

#include "app/chat/models.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/chat/hub.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

static const char default_model[] = "SmolLM2-135M-Instruct.Q4_1.gguf";
static const char suffix[] = ".gguf";

static bool is_model_name(const char *name)
{
    size_t size = strlen(name);
    if (size < sizeof suffix || strcasecmp(name + size - (sizeof suffix - 1), suffix) != 0)
        return false;
    bool split = fnmatch("*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].gguf", name, 0) == 0;
    return !split || strstr(name, "-00001-of-") != NULL;
}

/* Whether a folder holds a model as Hugging Face or Meta publishes it. */
static bool is_model_folder(const char *path)
{
    static const char *const files[] = {"config.json", "params.json", "refs/main", "snapshots"};
    bool found = false;
    for (size_t i = 0; i < sizeof files / sizeof *files && !found; i++) {
        char *file = paths_join(path, files[i]);
        found = file != NULL && access(file, F_OK) == 0;
        free(file);
    }
    return found;
}

bool models_is_file(const char *word)
{
    struct stat status;
    if (stat(word, &status) != 0)
        return false;
    return S_ISDIR(status.st_mode) ? is_model_folder(word) : is_model_name(word) && S_ISREG(status.st_mode);
}

/* Whether an entry of the models folder is a model; a folder that is still being fetched is none. */
static bool is_model(const char *folder, const char *name)
{
    struct stat status;
    if (fnmatch("*.part", name, 0) == 0)
        return false;
    char *path = paths_join(folder, name);
    const bool found = path != NULL && stat(path, &status) == 0 &&
                       (S_ISDIR(status.st_mode) ? is_model_folder(path) : is_model_name(name));
    free(path);
    return found;
}

enum error_code models_check_sampling(const struct sampling *s, const struct model *model, struct error *err)
{
    int32_t vocab = model != NULL ? model_info(model)->vocab : INT32_MAX;
    for (int32_t i = 0; i < s->n_biases; i++)
        if (s->biases[i].id >= vocab)
            return error_set(err, ERR_ARGUMENT, "logit-bias: %d is not a token of this model (0 to %d)",
                             (int)s->biases[i].id, (int)vocab - 1);
    return ERR_NONE;
}

void models_label(const char *path, char *out, size_t size)
{
    size_t n;
    const char *slash = path != NULL ? strrchr(path, '/') : NULL, *cached = path != NULL ? hub_label(path, &n) : NULL;
    if (cached != NULL)
        snprintf(out, size, "%.*s", (int)n, cached);
    else
        snprintf(out, size, "%s", slash != NULL ? slash + 1 : path != NULL ? path : "no model");
    size_t length = strlen(out), end = sizeof suffix - 1;
    if (length > end && strcasecmp(out + length - end, suffix) == 0)
        out[length - end] = '\0';
}

/* ---- the folder ------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **models_in(const char *folder)
{
    size_t n = 0, capacity = 16;
    char **names = calloc(capacity, sizeof *names);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; names != NULL && dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.' || !is_model(folder, entry->d_name))
            continue;
        if (n + 1 == capacity) {
            char **more = realloc(names, 2 * capacity * sizeof *names);
            if (more == NULL)
                break;
            names = more;
            capacity *= 2;
        }
        names[n] = strdup(entry->d_name);
        names[n + 1] = NULL;
        n += names[n] != NULL;
    }
    if (dir != NULL)
        closedir(dir);
    if (names != NULL)
        qsort(names, n, sizeof *names, by_name);
    return names;
}

char **models_list(const struct options *o)
{
    char *folder = paths_join(o->paths.data_dir, "models");
    char **names = folder != NULL ? models_in(folder) : NULL;
    free(folder);
    return names;
}

void models_free_list(char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++)
        free(*name);
    free(names);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool without_suffix_equals(const char *file, const char *name, bool prefix)
{
    size_t size = strlen(name);
    return strncasecmp(file, name, size) == 0 && (prefix || file[size] == '\0' || strcasecmp(file + size, suffix) == 0);
}

/* The only file that matches; NULL when none does, or several: *many then. */
static const char *only_match(char **names, const char *name, bool prefix, bool *many)
{
    const char *found = NULL;
    for (char **file = names; *file != NULL; file++)
        if (without_suffix_equals(*file, name, prefix)) {
            *many = found != NULL;
            if (found != NULL)
                return NULL;
            found = *file;
        }
    return found;
}

static const char *exact_match(char **names, const char *name)
{
    size_t size = strlen(name);
    for (char **file = names; *file != NULL; file++)
        if (strncmp(*file, name, size) == 0 && (strcmp(*file + size, "") == 0 || strcmp(*file + size, suffix) == 0))
            return *file;
    return NULL;
}

/* "a.gguf, b.gguf" */
static void join_names(char **names, struct buf *out)
{
    buf_init(out, 300);
    for (char **file = names; *file != NULL && buf_printf(out, "%s%s", file == names ? "" : ", ", *file); file++)
        ;
}

static const char *choose_model(char **names, const char *folder, const char *name, struct error *err)
{
    bool many = false;
    const char *found = exact_match(names, name);
    if (found == NULL)
        found = only_match(names, name, false, &many);
    if (found == NULL && !many)
        found = only_match(names, name, true, &many);
    if (found != NULL)
        return found;
    struct buf there;
    join_names(names, &there);
    if (*names == NULL)
        error_set(err, ERR_NOT_FOUND, "there is no model '%s': no such file, and %s holds none", name, folder);
    else
        error_set(err, ERR_NOT_FOUND, "%s model '%s': %s holds %s", many ? "more than one" : "there is no", name,
                  folder, buf_text(&there));
    buf_free(&there);
    return NULL;
}

static const char *choose_default(char **names, const char *folder, struct error *err)
{
    const char *found = exact_match(names, default_model);
    if (found == NULL && names[0] != NULL && names[1] == NULL)
        found = names[0];
    if (found != NULL)
        return found;
    if (names[0] == NULL)
        error_set(
            err, ERR_NOT_FOUND,
            "there is no model yet: put a .gguf file into %s, or name one with -m; palaver pull smollm2 fetches a small one",
            folder);
    else
        error_set(err, ERR_NOT_FOUND, "%s holds several models: name one with -m, or `model = NAME` in the config file",
                  folder);
    return NULL;
}

/* The path of what is none of the models folder: a path, or a name in Hugging Face's cache. */
static char *find_elsewhere(const struct options *o, const char *name, struct error *err)
{
    const bool there = access(name, F_OK) == 0;
    char *path = there ? NULL : hub_find(o, name);
    if (path != NULL)
        return path;
    if (!there && hub_is_name(name) && !is_model_name(name)) {
        char *hub = hub_folder(o);
        error_set(err, ERR_NOT_FOUND,
                  "there is no model '%s': no such path, and Hugging Face's cache (%s) does not have it", name,
                  hub != NULL ? hub : "");
        free(hub);
    } else if ((path = strdup(name)) == NULL) {
        error_memory(err);
    }
    return path;
}

char *models_find_name(const struct options *o, const char *name, struct error *err)
{
    const char *endpoint;
    if (name != NULL && endpoints_is_name(name, &endpoint)) {
        error_set(err, ERR_UNSUPPORTED, "%s is a server's model; this needs one on this machine", name);
        return NULL;
    }
    if (name != NULL && (strchr(name, '/') != NULL || access(name, F_OK) == 0 || hub_is_name(name)))
        return find_elsewhere(o, name, err);
    char *path = NULL;
    char **names = models_list(o);
    char *folder = paths_join(o->paths.data_dir, "models");
    if (names == NULL || folder == NULL) {
        error_memory(err);
    } else {
        const char *file = name != NULL ? choose_model(names, folder, name, err) : choose_default(names, folder, err);
        path = file != NULL ? paths_join(folder, file) : NULL;
    }
    models_free_list(names);
    free(folder);
    return path;
}

char *models_find(const struct options *o, struct error *err)
{
    return models_find_name(o, o->model, err);
}

/* The path from the root on. A file keeps its own name: in a cache it is a link to one that says nothing. */
static char *whole_path(const char *path)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return realpath(path, NULL);
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash + 1 - path));
    char *root = folder != NULL ? realpath(folder, NULL) : NULL;
    char *whole = root != NULL ? paths_join(root, slash != NULL ? slash + 1 : path) : NULL;
    free(folder);
    free(root);
    return whole;
}

char *models_lasting_name(const struct options *o, const char *path)
{
    const char *endpoint;
    if (endpoints_is_name(path, &endpoint))
        return strdup(path);
    char *folder = paths_join(o->paths.data_dir, "models/");
    size_t size = folder != NULL ? strlen(folder) : 0;
    bool inside = size > 0 && strncmp(path, folder, size) == 0;
    char *whole = inside ? NULL : whole_path(path);
    free(folder);
    return whole != NULL ? whole : strdup(inside ? path + size : path);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct model *models_open(const struct options *o, bool vocab_only, struct error *err)
{
    char *path = models_find(o, err);
    if (path == NULL)
        return NULL;
    struct model *model = model_open(path, &(struct model_options){.vocab_only = vocab_only}, err);
    free(path);
    if (model == NULL || vocab_only || model_load_in(model, options_load(o), o->threads, NULL, NULL, err) == ERR_NONE)
        return model;
    model_free(model);
    return NULL;
}

struct session *models_session(const struct options *o, const struct model *model, int32_t context, struct error *err)
{
    struct session_options options = {
        .context = context > 0 ? context : o->context,
        .threads = o->threads,
        .exact = o->exact,
    };
    return session_open(model, &options, err);
}

struct chat_template *models_template_named(const struct options *o, const char *name, const struct model *model,
                                            struct error *err)
{
    struct chat_template *template = NULL;
    char *folder = paths_join(o->paths.config_dir, "templates");
    if (folder == NULL)
        error_memory(err);
    else
        template = template_for_model(model, name, folder, err);
    free(folder);
    return template;
}

struct chat_template *models_template(const struct options *o, const struct model *model, struct error *err)
{
    return models_template_named(o, o->template_name, model, err);
}

void models_template_label(const struct chat_template *t, char *out, size_t size)
{
    const char *name = template_name(t);
    bool nearest = template_source(t) == TEMPLATE_NEAREST;
    if (template_is_base(t))
        snprintf(out, size, "%scontinuing the text", nearest ? "unknown chat template · " : "");
    else
        snprintf(out, size, "dialogue · %s%s", name,
                 nearest                              ? " instead of its own template"
                 : template_source(t) == TEMPLATE_OWN ? " template"
                                                      : "");
}

char **models_templates(const struct options *o)
{
    char *folder = paths_join(o->paths.config_dir, "templates");
    char **names = template_list(folder);
    free(folder);
    return names;
}
