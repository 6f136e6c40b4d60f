/* Completions for bash and zsh. */
#include <config.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "app/help/help.h"
#include "app/options/options.h"
#include "remote/remote.h"

/* Prints each spelling of an option with its dashes: "--model", "-m". */
static void print_names(FILE *out, const struct option_spec *spec, const char *before, const char *between)
{
    fprintf(out, "%s--%s", before, spec->name);
    if (spec->letter != 0)
        fprintf(out, "%s-%c", between, spec->letter);
    char alias[OPTION_NAME_MOST];
    for (int i = 0; option_alias(spec, i, alias); i++)
        fprintf(out, "%s--%s", between, alias);
}

/* Prints the short names of models that can be fetched. */
static void print_known(FILE *out)
{
    const char *name, *title, *licence;
    int64_t bytes;
    for (size_t i = 0; remote_known(i, &name, &title, &licence, &bytes); i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", name);
}

/* ---- bash ------------------------------------------------------------------------------------------------------- */

static void bash_value(FILE *out, const struct command *c, const struct option_spec *spec)
{
    char between[48], before[48];
    snprintf(before, sizeof before, "    %s:", c->name);
    snprintf(between, sizeof between, "|%s:", c->name);
    print_names(out, spec, before, between);
    const char *choices = spec->choices != NULL ? spec->choices : "";
    if (strcmp(choices, "@models") == 0)
        fputs(") _palaver_models \"$current\" ;;\n", out);
    else if (strcmp(choices, "@templates") == 0)
        fputs(") COMPREPLY=($(compgen -W \"$(palaver --help=templates 2>/dev/null)\" -- \"$current\")) ;;\n", out);
    else if (strcmp(choices, "@files") == 0)
        fputs(") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n", out);
    else if (choices[0] != '\0')
        fprintf(out, ") COMPREPLY=($(compgen -W \"%s\" -- \"$current\")) ;;\n", choices);
    else
        fputs(") ;;\n", out);
}

static void bash_command(FILE *out, const struct command *c)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if ((spec->commands & c->bit) != 0 && spec->argument != NULL)
            bash_value(out, c, spec);
    fprintf(out, "    %s:*) words=\"", c->name);
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if ((spec->commands & c->bit) != 0)
            print_names(out, spec, " ", " ");
    fputs("\" ;;\n", out);
}

void print_bash(FILE *out)
{
    fputs("# bash completion for palaver; made by palaver --help=bash, edit app/options/table.c instead.\n"
          "_palaver_models() {\n"
          "    compopt -o filenames\n"
          "    mapfile -t COMPREPLY < <(compgen -f -X '!*.gguf' -- \"$1\"; compgen -d -- \"$1\";\n"
          "        compgen -W \"$(palaver --help=models 2>/dev/null)\" -- \"$1\")\n"
          "}\n\n"
          "_palaver() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=palaver words=\n"
          "    if [ \"$COMP_CWORD\" -gt 1 ]; then\n"
          "        case ${COMP_WORDS[1]} in\n"
          "        ",
          out);
    for (const struct command *c = commands + 1; c->name != NULL; c++)
        fprintf(out, "%s%s", c == commands + 1 ? "" : "|", c->name);
    fputs(") command=${COMP_WORDS[1]} ;;\n"
          "        esac\n"
          "    fi\n"
          "    COMPREPLY=()\n"
          "    case $command:$previous in\n",
          out);
    for (const struct command *c = commands; c->name != NULL; c++)
        bash_command(out, c);
    fputs("    esac\n"
          "    [ -n \"$words\" ] || return 0\n"
          "    case $COMP_CWORD:$current in\n"
          "    *:-*) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
          "    1:*) COMPREPLY=($(compgen -W \"help",
          out);
    for (const struct command *c = commands + 1; c->name != NULL; c++)
        fprintf(out, " %s", c->name);
    fputs("\" -- \"$current\") $(compgen -f -X '!*.gguf' -- \"$current\")) ;;\n"
          "    *) if [ $command = pull ]; then COMPREPLY=($(compgen -W \"",
          out);
    print_known(out);
    fputs("\" -- \"$current\")); return 0; fi\n"
          "        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _palaver palaver\n",
          out);
}

/* ---- zsh -------------------------------------------------------------------------------------------------------- */

/* Escapes text that stands inside single quotes and brackets. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const struct option_spec *spec)
{
    bool several = spec->letter != 0 || spec->aliases != NULL, repeats = strcmp(spec->name, "stop") == 0;
    fputs("        ", out);
    if (several) {
        print_names(out, spec, "'(", " ");
        print_names(out, spec, ")'{", ",");
        fputs("}'", out);
    } else {
        fprintf(out, "'%s--%s", repeats ? "*" : "", spec->name);
    }
    fputc('[', out);
    zsh_text(out, spec->help);
    fputc(']', out);
    if (spec->argument != NULL) {
        const char *choices = spec->choices != NULL ? spec->choices : "";
        fputc(':', out);
        zsh_text(out, spec->argument);
        if (strcmp(choices, "@models") == 0)
            fputs(":_palaver_models", out);
        else if (strcmp(choices, "@templates") == 0)
            fputs(":_palaver_templates", out);
        else if (strcmp(choices, "@files") == 0)
            fputs(":_files", out);
        else
            fprintf(out, ":(%s)", choices);
    }
    fputs("' \\\n", out);
}

static void zsh_command(FILE *out, const struct command *c)
{
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
        if ((spec->commands & c->bit) != 0)
            zsh_option(out, spec);
}

void print_zsh(FILE *out)
{
    fputs("#compdef palaver\n"
          "# zsh completion for palaver; made by palaver --help=zsh, edit app/options/table.c instead.\n"
          "_palaver_models() {\n"
          "    local -a names=(${(f)\"$(palaver --help=models 2>/dev/null)\"})\n"
          "    _describe model names\n"
          "    _files -g '*.gguf'\n"
          "}\n\n"
          "_palaver_templates() {\n"
          "    local -a names=(${(f)\"$(palaver --help=templates 2>/dev/null)\"})\n"
          "    _describe template names\n"
          "}\n\n"
          "_palaver_words() {\n"
          "    local -a commands=(\n        'help:tell more about a command'\n",
          out);
    for (const struct command *c = commands + 1; c->name != NULL; c++) {
        fprintf(out, "        '%s:", c->name);
        zsh_text(out, c->help);
        fputs("'\n", out);
    }
    fputs("    )\n    _describe command commands\n    _files -g '*.gguf'\n}\n\n_palaver() {\n"
          "    local command=palaver\n"
          "    if (( CURRENT > 2 )); then command=$words[2]; fi\n"
          "    case $command in\n",
          out);
    for (const struct command *c = commands + 1; c->name != NULL; c++) {
        fprintf(out, "    %s)\n        shift words; (( CURRENT-- ))\n        _arguments -s \\\n", c->name);
        zsh_command(out, c);
        fputs(c->bit == FOR_PULL ? "        '*:model:(" : "        '*:file:_files' ;;\n", out);
        if (c->bit == FOR_PULL) {
            print_known(out);
            fputs(")' ;;\n", out);
        }
    }
    fputs("    *)\n        _arguments -s \\\n", out);
    zsh_command(out, &commands[0]);
    fputs("        '*:word:_palaver_words' ;;\n    esac\n}\n\n_palaver \"$@\"\n", out);
}
