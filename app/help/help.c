/* --help, --version, --check-config and --paths. */
#include <config.h>

#include "app/help/help.h"

#include <stdio.h>
#include <string.h>

#include "app/options/options.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "engine/engine.h"

enum { COLUMN = 30 };

/* "-n, --max-new-tokens, --predict N" */
static void print_names(FILE *out, const struct option_spec *spec)
{
    char names[160], alias[OPTION_NAME_MOST];
    int used = spec->letter != 0 ? snprintf(names, sizeof names, "  -%c, --%s", spec->letter, spec->name)
                                 : snprintf(names, sizeof names, "      --%s", spec->name);
    for (int i = 0; option_alias(spec, i, alias); i++)
        used += snprintf(names + used, sizeof names - (size_t)used, ", --%s", alias);
    if (spec->argument != NULL)
        used += snprintf(names + used, sizeof names - (size_t)used, " %s", spec->argument);
    if (used < COLUMN - 1)
        fprintf(out, "%-*s%s\n", COLUMN, names, spec->help);
    else
        fprintf(out, "%s\n%*s%s\n", names, COLUMN, "", spec->help);
}

static void print_options(FILE *out, unsigned command)
{
    const char *section = "";
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++) {
        if ((spec->commands & command) == 0)
            continue;
        if (strcmp(section, spec->section) != 0)
            fprintf(out, "\n%s:\n", spec->section);
        section = spec->section;
        print_names(out, spec);
    }
}

static void print_commands(FILE *out)
{
    fputs("\nCommands (palaver COMMAND --help tells more):\n", out);
    for (const struct command *c = commands + 1; c->name != NULL; c++)
        fprintf(out, "  %-12s%s\n", c->name, c->help);
}

void print_help(FILE *out, const struct command *command)
{
    bool chat = command->bit == FOR_CHAT;
    fprintf(out, "Usage: palaver %s%s%s\n", chat ? "" : command->name, chat ? "" : " ", command->usage);
    if (chat)
        fputs("       palaver COMMAND [OPTION]...\n", out);
    fprintf(out, "\nPalaver: %s.\n", command->help);
    if (command->details[0] != '\0')
        fprintf(out, "%s\n", command->details);
    print_options(out, command->bit);
    if (chat)
        print_commands(out);
}

/* A text as the config file would hold it. */
static void print_text(FILE *out, const char *text)
{
    struct buf quoted;
    buf_init(&quoted, 1 << 20);
    buf_puts(&quoted, text != NULL ? "\"" : "(none)");
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c == '\n')
            buf_puts(&quoted, "\\n");
        else
            buf_printf(&quoted, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    buf_puts(&quoted, text != NULL ? "\"" : "");
    safe_write(out, buf_text(&quoted), quoted.size);
    buf_free(&quoted);
}

static void print_choice(FILE *out, const char *choices, int32_t index)
{
    for (; index > 0; index--)
        choices += strcspn(choices, " ") + 1;
    fprintf(out, "%.*s", (int)strcspn(choices, " "), choices);
}

static void print_value(FILE *out, const struct options *o, const struct option_spec *spec)
{
    const void *at = (const char *)o + spec->offset;
    char value[64];
    switch (spec->kind) {
    case OPTION_FLAG: fputs(*(const bool *)at ? "on" : "off", out); break;
    case OPTION_INT: fprintf(out, "%d", (int)*(const int32_t *)at); break;
    case OPTION_CHOICE: print_choice(out, spec->choices, *(const int32_t *)at); break;
    case OPTION_TEXT:
    case OPTION_LINES: print_text(out, *(char *const *)at); break;
    case OPTION_SAMPLING:
        if (sampling_list(spec->name) == LIST_STOP) {
            fprintf(out, "%d texts", (int)o->sampling.n_stops);
        } else if (sampling_list(spec->name) != SAMPLING_LISTS) {
            fprintf(out, "%d", (int)sampling_list_size(&o->sampling, sampling_list(spec->name)));
        } else if (strcmp(spec->name, "seed") == 0 && !options_fix_seed(o)) {
            fputs("random", out);
        } else {
            sampling_get(&o->sampling, sampling_field(spec->name), value, sizeof value);
            fputs(value, out);
        }
        break;
    case OPTION_HELP: break;
    }
}

void print_values(FILE *out, const struct options *o)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++) {
        if (!spec->lasting)
            continue;
        fprintf(out, "%s = ", spec->name);
        print_value(out, o, spec);
        fprintf(out, "  (%s)\n", option_source_name((enum option_source)o->source[option_index(spec)]));
    }
}

void print_version(FILE *out)
{
    fprintf(out,
            "palaver %s\nlicence    MIT, (c) the Palaver authors\nlibraries  %s\n           %s, loaded only when "
            "needed (--exact)\n           %s, likewise (pull)\nkernels    %s\n",
            PACKAGE_VERSION, LIBRARIES, OPENBLAS, FETCHERS, engine_kernels());
}

void print_paths(FILE *out, const struct options *o)
{
    safe_printf(out, "config  %s\ndata    %s\ncache   %s\nstate   %s\nmodels  %s/models\n", o->paths.config_dir,
                o->paths.data_dir, o->paths.cache_dir, o->paths.state_dir, o->paths.data_dir);
}
