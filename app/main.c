/* Palaver: the entry point. Finds the subcommand, reads the options, runs it. */
#include <config.h>

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/help/help.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/nearest.h"
#include "app/text/safe.h"
#include "base/error.h"

/* Prints --help=FORM, for the build and the completions; false if there is no such form. */
static bool print_form(const struct options *o)
{
    char **names = NULL;
    if (strcmp(o->help_form, "man") == 0)
        print_man(stdout);
    else if (strcmp(o->help_form, "bash") == 0)
        print_bash(stdout);
    else if (strcmp(o->help_form, "zsh") == 0)
        print_zsh(stdout);
    else if (strcmp(o->help_form, "models") == 0)
        names = models_list(o);
    else if (strcmp(o->help_form, "templates") == 0)
        names = models_templates(o);
    else
        return false;
    for (char **name = names; name != NULL && *name != NULL; name++)
        safe_printf(stdout, "%s\n", *name);
    if (strcmp(o->help_form, "models") == 0)
        models_free_list(names);
    else
        free(names);
    return true;
}

/* Prints help, version and so on, and returns an exit code; -1 if the user asked for none of them. */
static int print_facts(const struct command *command, const struct options *o)
{
    struct error err = {0};
    if (o->help_form != NULL && !print_form(o)) {
        error_set(&err, ERR_ARGUMENT,
                  "--help=%s: there is no such form; there are man, bash, zsh, models and templates", o->help_form);
        return report(&err);
    }
    if (o->help && o->help_form == NULL)
        print_help(stdout, command);
    if (o->help)
        return EXIT_ANSWER;
    if (o->version)
        print_version(stdout);
    else if (o->show_paths)
        print_paths(stdout, o);
    else if (o->check_config)
        print_values(stdout, o);
    else
        return -1;
    return EXIT_ANSWER;
}

/* `palaver base.gguf`: a first word that is a model file is the model, the other words are the message. */
static enum error_code take_model(struct options *o, struct error *err)
{
    if (o->n_words == 0 || !models_is_file(o->words[0]))
        return ERR_NONE;
    if (options_source(o, "model") == SOURCE_FLAG)
        return error_set(err, ERR_ARGUMENT, "two models are given: -m %s and %s", o->model, o->words[0]);
    const struct option_spec *spec = option_find("model", FOR_CHAT);
    enum error_code code = option_set(o, spec, o->words[0], SOURCE_FLAG, err);
    o->words++;
    o->n_words--;
    return code;
}

/* A single word one edit away from a subcommand is probably meant as one; after "--" it is a message. */
static enum error_code check_typing_error(const struct options *o, struct error *err)
{
    const char *word = o->n_words == 1 && !o->literal ? o->words[0] : "";
    if (o->prompt != NULL || o->file != NULL || strpbrk(word, " \t\n") != NULL)
        return ERR_NONE;
    for (const struct command *c = commands + 1; *word != '\0' && c->name != NULL; c++)
        if (nearest_distance(word, c->name) == 1)
            return error_set(err, ERR_ARGUMENT,
                             "there is no command '%s'; did you mean palaver %s? As a message: "
                             "palaver -- %s",
                             word, c->name, word);
    return ERR_NONE;
}

static enum error_code check_words(const struct command *command, struct options *o, struct error *err)
{
    if (command->most_words >= 0 && o->n_words > command->most_words)
        return error_set(err, ERR_ARGUMENT, "palaver %s takes no argument '%s'; see palaver %s --help", command->name,
                         o->words[command->most_words], command->name);
    if (command->bit != FOR_CHAT)
        return ERR_NONE;
    if (o->n_words > 0 && !o->literal && command_find(o->words[0]) != NULL && o->n_words <= 2)
        return error_set(err, ERR_ARGUMENT, "the command must come first: palaver %s ...", o->words[0]);
    if (take_model(o, err) != ERR_NONE || check_typing_error(o, err) != ERR_NONE)
        return err->code;
    if (o->n_words > 0 && (o->prompt != NULL || o->file != NULL))
        return error_set(err, ERR_ARGUMENT, "'%s' is not part of the prompt; put the whole prompt in quotes",
                         o->words[0]);
    return ERR_NONE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct options o;
    struct error err = {0};
    int status = EXIT_USAGE;
    if (options_init(&o, &err) != ERR_NONE || options_read(&o, command->bit, argc, argv, &err) != ERR_NONE ||
        (!o.help && check_words(command, &o, &err) != ERR_NONE)) {
        status = report(&err);
        goto out;
    }
    status = print_facts(command, &o);
    if (status < 0)
        status = command->run(&o);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        error_set(&err, ERR_IO, "standard output: can't be written");
        status = report(&err);
    }
out:
    options_free(&o);
    return status;
}

/* `palaver help [COMMAND]`. */
static int run_help(const char *name)
{
    const struct command *command = name != NULL ? command_find(name) : &commands[0];
    if (command != NULL) {
        print_help(stdout, command);
        return fflush(stdout) == 0 ? EXIT_ANSWER : EXIT_ERROR;
    }
    struct error err = {0};
    struct nearest near = nearest_to(name);
    for (command = commands + 1; command->name != NULL; command++)
        nearest_try(&near, command->name);
    if (near.best != NULL)
        error_set(&err, ERR_ARGUMENT, "there is no command '%s'; did you mean %s?", name, near.best);
    else
        error_set(&err, ERR_ARGUMENT, "there is no command '%s'; palaver --help lists them", name);
    return report(&err);
}

/* A descriptor of 0 to 2 that is closed at the start would become that of the first file that is opened. It is opened the
 * wrong way round, so that using it fails as it does on a closed one. */
static void secure_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(EXIT_ERROR);
}

int main(int argc, char **argv)
{
    secure_descriptors();
    setlocale(LC_CTYPE, "");
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (command != NULL)
        return run_command(command, argc - 1, argv + 1);
    if (argc > 1 && argc <= 3 && strcmp(argv[1], "help") == 0)
        return run_help(argv[2]);
    return run_command(&commands[0], argc, argv);
}
