/* Options: reading values from the command line, the variables and the config file into struct options. */
#include <config.h>

#include "app/options/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/config.h"
#include "app/text/nearest.h"

const char *option_source_name(enum option_source source)
{
    static const char *const names[] = {"built-in", "config", "variable", "flag"};
    return names[source];
}

enum error_code options_init(struct options *o, struct error *err)
{
    *o = (struct options){.sampling = sampling_defaults(), .bench.repetitions = 3};
    return paths_find(&o->paths, err);
}

void options_free(struct options *o)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if (spec->kind == OPTION_TEXT) {
            char **text = (char **)((char *)o + spec->offset);
            free(*text);
            *text = NULL;
        }
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
        at += at != NULL;
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
        return error_set(err, ERR_MEMORY, "no memory for an option");
    free(*at);
    *at = copy;
    return ERR_NONE;
}

static enum error_code set_sampling(struct options *o, const struct option_spec *spec, const char *value,
                                    enum option_source source, struct error *err)
{
    enum sampling_list list = sampling_list(spec->name);
    if (list != SAMPLING_LISTS && o->source[option_index(spec)] < source)
        sampling_list_clear(&o->sampling, list);
    struct error why = {0};
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

/* ---- variables -------------------------------------------------------------------------------------------------- */

/* Writes PALAVER_NAME for a row. */
static void variable_name(const struct option_spec *spec, char *out, size_t size)
{
    snprintf(out, size, "PALAVER_%s", spec->name);
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

static enum error_code read_variables(struct options *o, struct error *err)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++) {
        char name[64];
        variable_name(spec, name, sizeof name);
        const char *value = spec->lasting ? getenv(name) : NULL;
        if (value == NULL || *value == '\0')
            continue;
        struct error why = {0};
        if (option_set(o, spec, value, SOURCE_VARIABLE, &why) != ERR_NONE)
            return error_set(err, why.code, "in the variable %s: %s", name, why.message);
    }
    const char *accessible = getenv("ACCESSIBLE");
    if (accessible != NULL && *accessible != '\0' && strcmp(accessible, "0") != 0)
        return option_set(o, option_find("screen-reader", FOR_CHAT), "on", SOURCE_VARIABLE, err);
    return ERR_NONE;
}

/* ---- the command line ------------------------------------------------------------------------------------------- */

/* What getopt_long is given, made from the table. */
struct parser {
    char letters[2 * OPTIONS_MAX + 2];
    struct option longs[2 * OPTIONS_MAX];
    char names[2 * OPTIONS_MAX][OPTION_NAME_MOST];
    size_t n;
};

enum { LONG_BASE = 256 }; /* getopt_long's value of row i is LONG_BASE + i */

static void add_long(struct parser *p, const char *name, const struct option_spec *spec)
{
    assert(p->n + 1 < sizeof p->longs / sizeof *p->longs);
    char *copy = p->names[p->n];
    snprintf(copy, OPTION_NAME_MOST, "%s", name);
    int takes = spec->kind == OPTION_HELP ? optional_argument : spec->argument != NULL ? required_argument : no_argument;
    p->longs[p->n++] = (struct option){copy, takes, NULL, LONG_BASE + (int)option_index(spec)};
}

static void parser_init(struct parser *p, unsigned command)
{
    *p = (struct parser){.letters = ":"};
    size_t letters = 1;
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++) {
        if ((spec->commands & command) == 0)
            continue;
        char alias[OPTION_NAME_MOST];
        add_long(p, spec->name, spec);
        for (int i = 0; option_alias(spec, i, alias); i++)
            add_long(p, alias, spec);
        if (spec->letter == 0)
            continue;
        p->letters[letters++] = spec->letter;
        if (spec->argument != NULL)
            p->letters[letters++] = ':';
    }
}

static const struct option_spec *spec_of(int value, unsigned command)
{
    if (value >= LONG_BASE)
        return &option_specs[value - LONG_BASE];
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if ((spec->commands & command) != 0 && spec->letter == value)
            return spec;
    return NULL;
}

/* An option that the table does not hold, or that was shortened too much. */
static enum error_code unknown(const struct parser *p, const char *typed, int letter, struct error *err)
{
    if (letter != 0 && letter < LONG_BASE)
        return error_set(err, ERR_ARGUMENT, "there is no option -%c; see palaver --help", letter);
    if (letter != 0)
        return error_set(err, ERR_ARGUMENT, "the option %s takes no value; see palaver --help", typed);
    char name[64] = "";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    int begins = 0;
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < p->n; i++) {
        begins += strncmp(p->longs[i].name, name, strlen(name)) == 0;
        nearest_try(&near, p->longs[i].name);
    }
    if (begins > 1)
        return error_set(err, ERR_ARGUMENT, "--%s is short for more than one option; see palaver --help", name);
    if (near.best != NULL)
        return error_set(err, ERR_ARGUMENT, "there is no option --%s; did you mean --%s? See palaver --help", name,
                         near.best);
    return error_set(err, ERR_ARGUMENT, "there is no option --%s; see palaver --help", name);
}

/* llama.cpp writes --system as -sys, which getopt would read as -s ys. */
static void accept_sys(int argc, char **argv)
{
    static char system_option[] = "--system";
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-sys") == 0)
            argv[i] = system_option;
}

static enum error_code read_flags(struct options *o, unsigned command, int argc, char **argv, struct error *err)
{
    struct parser p;
    parser_init(&p, command);
    accept_sys(argc, argv);
    optind = 0;
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, p.letters, p.longs, NULL)) != -1;) {
        if (value == '?')
            return unknown(&p, argv[optind - 1], optopt, err);
        if (value == ':')
            return error_set(err, ERR_ARGUMENT, "the option %s needs a value; see palaver --help", argv[optind - 1]);
        const struct option_spec *spec = spec_of(value, command);
        const char *text = optarg != NULL ? optarg : spec->kind == OPTION_HELP ? "" : "on";
        struct error why = {0};
        if (option_set(o, spec, text, SOURCE_FLAG, &why) != ERR_NONE)
            return error_set(err, why.code, "--%s", why.message);
    }
    o->words = argv + optind;
    o->n_words = argc - optind;
    return ERR_NONE;
}

/* ---- all together ----------------------------------------------------------------------------------------------- */

static enum error_code check_contradictions(const struct options *o, unsigned command, struct error *err)
{
    bool once = o->prompt != NULL || o->file != NULL;
    if (command != FOR_CHAT)
        return ERR_NONE;
    if (o->raw && options_source(o, "system") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "--raw continues a text, so it can't have --system");
    if (o->raw && options_source(o, "template") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "--raw continues a text, so it can't have --template");
    if (o->continue_last && o->resume != NULL)
        return error_set(err, ERR_ARGUMENT, "--continue and --resume each choose a conversation; give one of them");
    if (o->no_save && options_source(o, "no-save") == SOURCE_FLAG && (o->continue_last || o->resume != NULL))
        return error_set(err, ERR_ARGUMENT, "--no-save begins a chat of its own, so it can't go on with another");
    if (o->json && !once)
        return error_set(err, ERR_ARGUMENT, "--json needs -p TEXT or -f FILE");
    if (o->logprobs > 0 && !o->json)
        return error_set(err, ERR_ARGUMENT, "--logprobs needs --json");
    if (o->quiet && options_source(o, "stats") == SOURCE_FLAG && options_source(o, "quiet") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "--quiet and --stats contradict each other");
    return ERR_NONE;
}

enum error_code options_read(struct options *o, unsigned command, int argc, char **argv, struct error *err)
{
    enum error_code code = read_flags(o, command, argc, argv, err);
    if (code == ERR_NONE && o->help)
        return ERR_NONE;
    struct error found = {0};
    if (command == FOR_DOCTOR) /* looks at these itself, so it must not stop at them */
        err = &found;
    if (code == ERR_NONE)
        code = read_variables(o, err);
    if (code == ERR_NONE)
        code = config_read(o, err);
    if (code == ERR_NONE)
        code = check_contradictions(o, command, err);
    return found.code != ERR_NONE ? ERR_NONE : code;
}
