/* Find: a models folder holds a handful of files. */
#include <config.h>

#include "app/meaning/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/chat/models.h"
#include "app/meaning/vectors.h"
#include "engine/engine.h"

enum { HEAD_BYTES = 16384 };

/* What palaver pull minilm makes. */
static const char usual_encoder[] = "all-MiniLM-L6-v2";

bool meaning_is_off(const struct options *o)
{
    return o->encoder != NULL && strcmp(o->encoder, "off") == 0;
}

/* Whether a file mentions BERT where GGUF files and config.json name the architecture: to open a large model, whose
 * vocabulary is read then, takes a tenth of a second and more, and is not done for each of the others. */
static bool mentions_bert(const char *path)
{
    char begin[HEAD_BYTES];
    FILE *in = fopen(path, "re");
    const size_t n = in != NULL ? fread(begin, 1, sizeof begin, in) : 0;
    if (in != NULL)
        fclose(in);
    return memmem(begin, n, "bert", 4) != NULL;
}

static bool may_be_encoder(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return mentions_bert(path);
    char *config = paths_join(path, "config.json");
    const bool may = config != NULL && mentions_bert(config);
    free(config);
    return may;
}

static bool is_encoder(const struct options *o, const char *name)
{
    struct error why = {0};
    char *path = models_find_name(o, name, &why);
    struct model *model = path != NULL && may_be_encoder(path) ? model_open(path, NULL, &why) : NULL;
    const bool encoder = model != NULL && model_info(model)->encoder;
    model_free(model);
    free(path);
    return encoder;
}

char *meaning_find_encoder(const struct options *o, struct error *err)
{
    struct error why = {0};
    if (o->encoder != NULL && !meaning_is_off(o))
        return models_find_name(o, o->encoder, err);
    char *path = NULL, **names = models_list(o);
    for (char **name = names; name != NULL && path == NULL && *name != NULL; name++)
        if (strcmp(*name, usual_encoder) == 0)
            path = models_find_name(o, *name, &why);
    for (char **name = names; name != NULL && path == NULL && *name != NULL; name++)
        if (is_encoder(o, *name))
            path = models_find_name(o, *name, &why);
    models_free_list(names);
    if (path == NULL)
        error_set(err, ERR_NOT_FOUND, "there is no encoder; palaver pull minilm fetches one");
    return path;
}

/* Histories share the cache folder, so the file's name has a hash of the history's path. */
char *meaning_file(const struct options *o, const char *history)
{
    char name[64];
    snprintf(name, sizeof name, "meaning-%016" PRIx64 ".vectors", vectors_hash(history, strlen(history)));
    return paths_join(o->paths.cache_dir, name);
}
