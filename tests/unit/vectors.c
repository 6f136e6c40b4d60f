/* Finding and reading test vectors. */
#include <config.h>

#include "tests/unit/vectors.h"
#include "tests/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *existing(const char *a, const char *b, const char *c)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", a, b, c);
    if (access(path, R_OK) != 0)
        return NULL;
    char *copy = malloc(strlen(path) + 1);
    return copy == NULL ? NULL : strcpy(copy, path);
}

char *vectors_path(const char *name)
{
    const char *folder = getenv("PALAVER_REFERENCE"), *source = source_folder();
    char *path = folder != NULL && *folder != '\0' ? existing(folder, "/", name)
                                                   : existing(source, "/../shared/reference/", name);
    return path != NULL ? path : existing(source, "/tests/fixtures/", name);
}

char *vectors_own(const char *name)
{
    return existing(source_folder(), "/tests/fixtures/", name);
}

char *vectors_beside(const char *path, const char *name)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    char folder[4096];
    if (slash == NULL)
        return NULL;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - path), path);
    return existing(folder, name, "");
}

json_t *vectors_load(const char *name)
{
    return vectors_load_path(vectors_path(name));
}

json_t *vectors_load_path(char *path)
{
    if (path == NULL)
        return NULL;
    json_error_t error;
    json_t *json = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (json == NULL) {
        fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        exit(1);
    }
    free(path);
    return json;
}

char *vectors_default_model(void)
{
    const char *model = getenv("PALAVER_TEST_MODEL"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    const char *name = "/palaver/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    if (model != NULL && *model != '\0')
        return existing(model, "", "");
    if (data != NULL && *data != '\0')
        return existing(data, name, "");
    return home != NULL ? existing(home, "/.local/share", name) : NULL;
}

int32_t *vectors_ids(const json_t *json, size_t *n)
{
    *n = json_array_size(json);
    int32_t *ids = *n > 0 ? malloc(*n * sizeof *ids) : NULL;
    for (size_t i = 0; ids != NULL && i < *n; i++)
        ids[i] = (int32_t)json_integer_value(json_array_get(json, i));
    return ids;
}
