/* Config: reading the file line by line. Expects a screenful; refuses a file of thousands of lines. */
#include <config.h>

#include "app/options/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/text/nearest.h"
#include "base/error.h"

enum { LINES_MOST = 10000 };

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        text[--size] = '\0';
    return text;
}

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

static enum error_code unknown_name(const char *path, int line, const char *name, struct error *err)
{
    struct nearest near = nearest_to(name);
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if (spec->lasting)
            nearest_try(&near, spec->name);
    if (near.best == NULL)
        return error_set(err, ERR_ARGUMENT, "%s:%d: there is no setting '%s'", path, line, name);
    return error_set(err, ERR_ARGUMENT, "%s:%d: there is no setting '%s'; did you mean %s?", path, line, name,
                     near.best);
}

static enum error_code read_config_line(struct options *o, const char *path, int line, char *text, struct error *err)
{
    char *name = trim(text);
    if (*name == '\0' || *name == '#')
        return ERR_NONE;
    char *equals = strchr(name, '=');
    if (equals == NULL)
        return error_set(err, ERR_ARGUMENT, "%s:%d: a line reads `name = value`; this one has no '='", path, line);
    *equals = '\0';
    name = trim(name);
    const struct option_spec *spec = find_lasting(name);
    if (spec == NULL)
        return unknown_name(path, line, name, err);
    struct error why = {0};
    if (option_set(o, spec, unquote(trim(equals + 1)), SOURCE_CONFIG, &why) != ERR_NONE)
        return error_set(err, why.code, "%s:%d: %s", path, line, why.message);
    return ERR_NONE;
}

enum error_code config_read(struct options *o, struct error *err)
{
    enum error_code code = ERR_NONE;
    char *text = NULL;
    size_t capacity = 0;
    FILE *file = NULL;
    char *path = paths_join(o->paths.config_dir, "config");
    if (path == NULL)
        return error_memory(err);
    file = fopen(path, "re");
    if (file == NULL) {
        if (errno != ENOENT && errno != ENOTDIR)
            code = error_system(err, ERR_IO, errno, "%s", path);
        goto out;
    }
    for (int line = 1; code == ERR_NONE && getline(&text, &capacity, file) >= 0; line++)
        code = line <= LINES_MOST ? read_config_line(o, path, line, text, err)
                                  : error_set(err, ERR_ARGUMENT, "%s has more than %d lines", path, LINES_MOST);
    if (code == ERR_NONE && ferror(file))
        code = error_system(err, ERR_IO, errno, "%s", path);
out:
    if (file != NULL)
        fclose(file);
    free(text);
    free(path);
    return code;
}
