/* Config: reading the file line by line. */
#include <config.h>

#include "app/options/config.h"

#include <stdlib.h>
#include <string.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/text/nearest.h"
#include "base/error.h"
#include "base/lines.h"

/* "quoted text" keeps its blanks, and \n in it is a line break. */
static char *unquote(char *value)
{
    size_t size = strlen(value);
    if (size < 2 || value[0] != '"' || value[size - 1] != '"')
        return value;
    value[size - 1] = '\0';
    char *out = value;
    for (const char *in = value + 1; *in != '\0'; in++) {
        if (*in == '\\' && in[1] != '\0')
            *out++ = *++in == 'n' ? '\n' : *in;
        else
            *out++ = *in;
    }
    *out = '\0';
    return value;
}

static const struct option_spec *find_lasting(const char *name)
{
    const struct option_spec *spec = option_find(name, FOR_ALL);
    return spec != NULL && spec->lasting ? spec : NULL;
}

static enum error_code unknown_name(const struct lines *l, const char *name, struct error *err)
{
    struct nearest near = nearest_to(name);
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if (spec->lasting)
            nearest_try(&near, spec->name);
    if (near.best == NULL)
        return lines_fail(l, ERR_ARGUMENT, err, "there is no setting '%s'", name);
    return lines_fail(l, ERR_ARGUMENT, err, "there is no setting '%s'; did you mean %s?", name, near.best);
}

static enum error_code read_entry(struct options *o, const struct lines *l, char *text, struct error *err)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return lines_fail(l, ERR_ARGUMENT, err, "a line reads `name = value`; this one has no '='");
    *equals = '\0';
    const char *name = lines_trim(text);
    const struct option_spec *spec = find_lasting(name);
    if (spec == NULL)
        return unknown_name(l, name, err);
    struct error why = {0};
    if (option_set(o, spec, unquote(lines_trim(equals + 1)), SOURCE_CONFIG, &why) != ERR_NONE)
        return lines_fail(l, why.code, err, "%s", why.message);
    return ERR_NONE;
}

/* A missing file is an empty one. */
enum error_code config_read(struct options *o, struct error *err)
{
    struct lines l = {0};
    struct error why = {0};
    char *path = paths_join(o->paths.config_dir, "config");
    if (path == NULL)
        return error_memory(err);
    enum error_code code = lines_open(&l, path, &why);
    if (code != ERR_NONE)
        code = code == ERR_NOT_FOUND ? ERR_NONE : error_set(err, code, "%s", why.message);
    for (char *entry; code == ERR_NONE && (entry = lines_next_entry(&l)) != NULL;)
        code = read_entry(o, &l, entry, err);
    lines_close(&l);
    free(path);
    return code;
}
