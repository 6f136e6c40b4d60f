/* Options: the table looked up, and one value set from text. */
#include <config.h>

#include "app/options/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/paths.h"
#include "base/error.h"
#include "engine/engine.h"

const char *option_source_name(enum option_source source)
{
    static const char *const names[] = {"built-in", "config", "variable", "flag"};
    return names[source];
}

enum error_code options_init(struct options *o, struct error *err)
{
    *o = (struct options){.cache_disk = 4096,
                          .text_width = 100,
                          .sampling = sampling_defaults(),
                          .bench.repetitions = 3,
                          .serving = {.port = 8080, .parallel = 4},
                          .eval.shots = -1};
    return paths_find(&o->paths, err);
}

static void clear_models(struct options *o)
{
    for (size_t i = 0; i < o->n_models; i++)
        free(o->models[i]);
    free(o->models);
    o->models = NULL;
    o->n_models = 0;
}

void options_free(struct options *o)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if (spec->kind == OPTION_TEXT || spec->kind == OPTION_LINES || spec->kind == OPTION_MODEL) {
            char **text = (char **)((char *)o + spec->offset);
            free(*text);
            *text = NULL;
        }
    clear_models(o);
    free(o->help_form);
    paths_free(&o->paths);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

size_t option_index(const struct option_spec *spec)
{
    return (size_t)(spec - option_specs);
}

bool option_alias(const struct option_spec *spec, int index, char out[OPTION_NAME_MOST])
{
    const char *at = spec->aliases;
    for (; at != NULL && index > 0; index--) {
        at = strchr(at, ' ');
        if (at != NULL)
            at++;
    }
    if (at != NULL)
        snprintf(out, OPTION_NAME_MOST, "%.*s", (int)strcspn(at, " "), at);
    return at != NULL;
}

/* Dashes and underscores are the same. */
static bool same_name(const char *known, const char *typed)
{
    for (; *known != '\0'; known++, typed++)
        if (*known != (*typed == '_' ? '-' : *typed))
            return false;
    return *typed == '\0';
}

static bool has_name(const struct option_spec *spec, const char *name)
{
    char alias[OPTION_NAME_MOST];
    for (int i = 0; option_alias(spec, i, alias); i++)
        if (same_name(alias, name))
            return true;
    return same_name(spec->name, name);
}

const struct option_spec *option_find(const char *name, unsigned command)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if ((spec->commands & command) != 0 && has_name(spec, name))
            return spec;
    return NULL;
}

enum option_source options_source(const struct options *o, const char *name)
{
    const struct option_spec *spec = option_find(name, FOR_ALL);
    return spec != NULL ? (enum option_source)o->source[option_index(spec)] : SOURCE_BUILT_IN;
}

enum model_load options_load(const struct options *o)
{
    const bool four = options_source(o, "load-in-4bit") > options_source(o, "load-in-8bit");
    if (o->load_8bit && o->load_4bit)
        return four ? LOAD_4BIT : LOAD_8BIT;
    return o->load_8bit ? LOAD_8BIT : o->load_4bit ? LOAD_4BIT : LOAD_AS_IS;
}

bool options_fix_seed(const struct options *o)
{
    return options_source(o, "seed") != SOURCE_BUILT_IN && !o->random_seed;
}

/* ---- one value -------------------------------------------------------------------------------------------------- */

static enum error_code set_int(int32_t *at, const struct option_spec *spec, const char *value, struct error *err)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0')
        return error_set(err, ERR_ARGUMENT, "%s takes a whole number, not '%s'", spec->name, value);
    if (errno != 0 || (double)number < spec->low || (double)number > spec->high)
        return error_set(err, ERR_ARGUMENT, "%s takes %.0f to %.0f, not %s", spec->name, spec->low, spec->high, value);
    *at = (int32_t)number;
    return ERR_NONE;
}

static enum error_code set_flag(bool *at, const struct option_spec *spec, const char *value, struct error *err)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0) {
            *at = i % 2 == 1;
            return ERR_NONE;
        }
    return error_set(err, ERR_ARGUMENT, "%s takes on or off, not '%s'", spec->name, value);
}

static enum error_code set_choice(int32_t *at, const struct option_spec *spec, const char *value, struct error *err)
{
    int32_t index = 0;
    for (const char *word = spec->choices; *word != '\0'; index++) {
        size_t size = strcspn(word, " ");
        if (strlen(value) == size && strncmp(word, value, size) == 0) {
            *at = index;
            return ERR_NONE;
        }
        word += size + (word[size] == ' ');
    }
    return error_set(err, ERR_ARGUMENT, "%s takes one of %s, not '%s'", spec->name, spec->choices, value);
}

static enum error_code set_text(char **at, const char *value, struct error *err)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return error_memory(err);
    free(*at);
    *at = copy;
    return ERR_NONE;
}

/* Another line below those of the same source. */
static enum error_code add_line(char **at, bool below, const char *value, struct error *err)
{
    if (!below || *at == NULL)
        return set_text(at, value, err);
    const size_t size = strlen(*at) + strlen(value) + 2;
    char *both = malloc(size);
    if (both == NULL)
        return error_memory(err);
    snprintf(both, size, "%s\n%s", *at, value);
    free(*at);
    *at = both;
    return ERR_NONE;
}

/* One more model, or the first one of this source. */
static enum error_code set_model(struct options *o, const struct option_spec *spec, const char *value,
                                 enum option_source source, struct error *err)
{
    if (o->source[option_index(spec)] < source)
        clear_models(o);
    char **more = realloc(o->models, (o->n_models + 1) * sizeof *more);
    if (more == NULL)
        return error_memory(err);
    o->models = more;
    more[o->n_models] = strdup(value);
    if (more[o->n_models] == NULL)
        return error_memory(err);
    o->n_models++;
    return set_text(&o->model, value, err);
}

static enum error_code set_sampling(struct options *o, const struct option_spec *spec, const char *value,
                                    enum option_source source, struct error *err)
{
    enum sampling_list list = sampling_list(spec->name);
    if (list != SAMPLING_LISTS && o->source[option_index(spec)] < source)
        sampling_list_clear(&o->sampling, list);
    struct error why = {0};
    bool seed = strcmp(spec->name, "seed") == 0;
    if (seed && (o->random_seed = strcmp(value, "-1") == 0))
        return ERR_NONE;
    enum error_code code = sampling_set(&o->sampling, spec->name, value, &why);
    const struct sampling_field *field = sampling_field(spec->name);
    size_t named = field != NULL ? strlen(field->name) : 0; /* the engine spells its names with underscores */
    if (code != ERR_NONE && named > 0 && strncmp(why.message, field->name, named) == 0)
        return error_set(err, code, "%s%s", spec->name, why.message + named);
    return code == ERR_NONE ? code : error_set(err, code, "%s: %s", spec->name, why.message);
}

enum error_code option_set(struct options *o, const struct option_spec *spec, const char *value,
                           enum option_source source, struct error *err)
{
    unsigned char *present = &o->source[option_index(spec)];
    if (*present > source)
        return ERR_NONE;
    void *at = (char *)o + spec->offset;
    enum error_code code = ERR_NONE;
    switch (spec->kind) {
    case OPTION_FLAG: code = set_flag(at, spec, value, err); break;
    case OPTION_TEXT: code = set_text(at, value, err); break;
    case OPTION_LINES: code = add_line(at, *present == source, value, err); break;
    case OPTION_MODEL: code = set_model(o, spec, value, source, err); break;
    case OPTION_INT: code = set_int(at, spec, value, err); break;
    case OPTION_CHOICE: code = set_choice(at, spec, value, err); break;
    case OPTION_SAMPLING: code = set_sampling(o, spec, value, source, err); break;
    case OPTION_HELP:
        o->help = true;
        if (*value != '\0')
            code = set_text(&o->help_form, value, err);
        break;
    }
    if (code == ERR_NONE)
        *present = (unsigned char)source;
    return code;
}
