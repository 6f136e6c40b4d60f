/* Options read from the command line, the variables and the config file, strongest first: a weaker source never
 * replaces what a stronger one set, whatever the order. */
#include <config.h>

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/config.h"
#include "app/options/options.h"
#include "app/text/nearest.h"
#include "base/error.h"

/* ---- variables -------------------------------------------------------------------------------------------------- */

/* Writes the name of a row's variable, PALAVER_NAME. */
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
            return error_set(err, why.code, "the variable %s: %s", name, why.message);
    }
    const char *accessible = getenv("ACCESSIBLE");
    if (accessible != NULL && *accessible != '\0' && strcmp(accessible, "0") != 0)
        return option_set(o, option_find("screen-reader", FOR_CHAT), "on", SOURCE_VARIABLE, err);
    return ERR_NONE;
}

/* ---- the command line ------------------------------------------------------------------------------------------- */

/* The arguments of getopt_long, made from the table. */
struct parser {
    char letters[2 * OPTIONS_MAX + 2];
    struct option longs[2 * OPTIONS_MAX];
    char names[2 * OPTIONS_MAX][OPTION_NAME_MOST];
    char command[32]; /* "palaver list", for messages */
    size_t n;
};

enum { LONG_BASE = 256 }; /* getopt_long's value of row i is LONG_BASE + i */

static void add_long(struct parser *p, const char *name, const struct option_spec *spec)
{
    assert(p->n + 1 < sizeof p->longs / sizeof *p->longs);
    char *copy = p->names[p->n];
    snprintf(copy, OPTION_NAME_MOST, "%s", name);
    int takes = spec->kind == OPTION_HELP ? optional_argument
                : spec->argument != NULL  ? required_argument
                                          : no_argument;
    p->longs[p->n++] = (struct option){copy, takes, NULL, LONG_BASE + (int)option_index(spec)};
}

static void parser_init(struct parser *p, unsigned command, const char *name)
{
    *p = (struct parser){.letters = ":"};
    bool chat = command == FOR_CHAT;
    snprintf(p->command, sizeof p->command, "palaver%s%s", chat ? "" : " ", chat ? "" : name);
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

/* An option that the table does not hold, that takes no value, or that was shortened too much. */
static enum error_code report_option(const struct parser *p, const char *typed, int letter, struct error *err)
{
    if (letter != 0 && letter < LONG_BASE)
        return error_set(err, ERR_ARGUMENT, "there is no option -%c; see %s --help", letter, p->command);
    if (letter != 0)
        return error_set(err, ERR_ARGUMENT, "the option %s takes no value; see %s --help", typed, p->command);
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
        return error_set(err, ERR_ARGUMENT, "--%s is short for more than one option; see %s --help", name, p->command);
    if (near.best != NULL)
        return error_set(err, ERR_ARGUMENT, "there is no option --%s; did you mean --%s? See %s --help", name,
                         near.best, p->command);
    return error_set(err, ERR_ARGUMENT, "there is no option --%s; see %s --help", name, p->command);
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
    parser_init(&p, command, argv[0]);
    accept_sys(argc, argv);
    optind = 0;
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, p.letters, p.longs, NULL)) != -1;) {
        if (value == '?')
            return report_option(&p, argv[optind - 1], optopt, err);
        if (value == ':')
            return error_set(err, ERR_ARGUMENT, "the option %s needs a value; see %s --help", argv[optind - 1],
                             p.command);
        const struct option_spec *spec = spec_of(value, command);
        const char *text = optarg != NULL ? optarg : spec->kind == OPTION_HELP ? "" : "on";
        struct error why = {0};
        if (option_set(o, spec, text, SOURCE_FLAG, &why) != ERR_NONE)
            return error_set(err, why.code, "--%s", why.message);
    }
    o->words = argv + optind;
    o->n_words = argc - optind;
    o->literal = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
    return ERR_NONE;
}

/* ---- all together ----------------------------------------------------------------------------------------------- */

static enum error_code check_contradictions(const struct options *o, unsigned command, struct error *err)
{
    bool once = o->prompt != NULL || o->file != NULL;
    if (o->load_8bit && o->load_4bit && options_source(o, "load-in-8bit") == options_source(o, "load-in-4bit"))
        return error_set(err, ERR_ARGUMENT,
                         "--load-in-8bit and --load-in-4bit contradict each other; give only one of them");
    if (command != FOR_CHAT)
        return ERR_NONE;
    if (o->raw && options_source(o, "system") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "--raw continues a text, so --system does not go with it");
    if (o->raw && options_source(o, "template") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "--raw continues a text, so --template does not go with it");
    if (o->continue_last && o->resume != NULL)
        return error_set(err, ERR_ARGUMENT,
                         "--continue and --resume each choose a conversation; give only one of them");
    if (o->no_save && options_source(o, "no-save") == SOURCE_FLAG && (o->continue_last || o->resume != NULL))
        return error_set(err, ERR_ARGUMENT, "--no-save begins a new chat, so it can't resume another");
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
    if (command == FOR_DOCTOR) /* checks these itself, so it must not stop at them */
        err = &found;
    if (code == ERR_NONE)
        code = read_variables(o, err);
    if (code == ERR_NONE)
        code = config_read(o, err);
    if (code == ERR_NONE)
        code = check_contradictions(o, command, err);
    return found.code != ERR_NONE ? ERR_NONE : code;
}
