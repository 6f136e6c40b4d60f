/* palaver doctor: whether the database, the models, the terminal and the configuration are as they should be, and what
 * to do about what is not. Looks only; --repair saves what can be read of a damaged database. */
#include <config.h>

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/terminal/term.h"
#include "app/terminal/columns.h"
#include "app/commands/commands.h"
#include "app/text/jsonl.h"
#include "app/library/conversations.h"
#include "app/chat/models.h"

struct doctor {
    const struct options *options;
    struct show show;
    const char *area;  /* what is looked at */
    json_t *findings;  /* with --json */
    int problems;
};

static void say(struct doctor *d, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct doctor *d, bool good, const char *format, ...)
{
    char text[1024], line[1100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    d->problems += !good;
    if (d->findings != NULL) {
        json_array_append_new(d->findings, json_pack("{s:s, s:b, s:o}", "area", d->area, "good", good, "text",
                                                     json_text(text, strlen(text))));
        return;
    }
    int size = snprintf(line, sizeof line, "%-14s%-9s%s\n", d->area, good ? "ok" : "problem", text);
    show_text(&d->show, line, size < (int)sizeof line ? (size_t)size : sizeof line - 1);
}

/* ---- configuration ---------------------------------------------------------------------------------------------- */

/* Reads variables and the config file as the chat does. */
static void check_configuration(struct doctor *d)
{
    struct options chat;
    struct error err = {0};
    char name[] = "palaver", *words[] = {name, NULL};
    d->area = "configuration";
    if (options_init(&chat, &err) != ERR_NONE || options_read(&chat, FOR_CHAT, 1, words, &err) != ERR_NONE)
        say(d, false, "%s; every other command stops at this: mend it there", err.message);
    char *path = paths_join(d->options->paths.config_dir, "config");
    bool there = path != NULL && access(path, F_OK) == 0;
    if (err.code == ERR_NONE)
        say(d, true, "%s: %s", path != NULL ? path : "config", there ? "read" : "not there, which is fine");
    free(path);
    options_free(&chat);
}

static void check_folder(struct doctor *d, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT)
        say(d, true, "%s: not there yet; made when needed", path);
    else if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        say(d, false, "%s: not a folder; move it out of the way", path);
    else if (access(path, R_OK | W_OK | X_OK) != 0)
        say(d, false, "%s: can't be written by you; chown or chmod it", path);
    else
        say(d, true, "%s: can be written", path);
}

static void check_folders(struct doctor *d)
{
    const struct paths *p = &d->options->paths;
    const char *const folders[] = {p->data_dir, p->cache_dir, p->state_dir};
    d->area = "folders";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        check_folder(d, folders[i]);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void check_model(struct doctor *d, const char *name)
{
    struct error err = {0};
    char *path = models_find_name(d->options, name, &err);
    struct model *model = path != NULL ? model_open(path, NULL, &err) : NULL;
    if (model != NULL)
        say(d, true, "%s: %s, %.1f million parameters", name, model_info(model)->type,
            (double)model_info(model)->parameters / 1e6);
    else
        say(d, false, "%s", err.message);
    model_free(model);
    free(path);
}

static void check_models(struct doctor *d)
{
    struct error err = {0};
    d->area = "models";
    char **names = models_list(d->options);
    for (char **name = names; name != NULL && *name != NULL; name++)
        check_model(d, *name);
    models_free_list(names);
    char *chosen = models_find(d->options, &err);
    if (chosen != NULL && access(chosen, R_OK) == 0)
        say(d, true, "used without -m: %s", chosen);
    else if (chosen != NULL)
        say(d, false, "%s: %s; -m, PALAVER_MODEL or the config file names it", chosen, strerror(errno));
    else
        say(d, false, "%s", err.message);
    free(chosen);
}

/* ---- terminal --------------------------------------------------------------------------------------------------- */

static void check_terminal(struct doctor *d)
{
    const char *term = getenv("TERM"), *codes = nl_langinfo(CODESET);
    bool named = term != NULL && *term != '\0';
    d->area = "terminal";
    if (!isatty(STDOUT_FILENO))
        say(d, true, "standard output is none: text only, whole");
    else if (!named || strcmp(term, "dumb") == 0)
        say(d, true, "TERM is %s: lines only, no colours", named ? term : "not set");
    else if (term_kind() == TERM_KIND_UNKNOWN)
        say(d, false, "TERM is %s, which terminfo does not know: lines only, no colours; install its entry, or set TERM to "
            "one like it, e.g. xterm-256color", term);
    else
        say(d, true, "TERM is %s, %d columns, %d rows", term, columns_of(stdout), columns_rows(stdout));
    if (strcmp(codes, "UTF-8") == 0)
        say(d, true, "the locale is UTF-8");
    else
        say(d, false, "the locale is %s: only ASCII can be typed and measured; set LANG to one of `locale -a` in UTF-8",
            codes);
}

/* ---- database --------------------------------------------------------------------------------------------------- */

static void take_finding(void *context, bool good, const char *line)
{
    say(context, good, "%s", line);
}

static void repair(struct doctor *d, const char *path)
{
    struct store_recovery r;
    struct error err = {0};
    if (store_recover(path, &r, &err) != ERR_NONE) {
        say(d, false, "%s", err.message);
        return;
    }
    d->problems = 0; /* those of the file that now lies aside */
    say(d, true, "repaired: conversations saved: %zu, messages: %zu, rows that could not be read or had lost their "
                 "place: %zu", r.conversations, r.messages, r.damaged);
    say(d, true, "the damaged file is %s; delete it when nothing is missing", r.set_aside);
}

static void check_database(struct doctor *d)
{
    struct error err = {0};
    d->area = "database";
    char *path = library_path(d->options, &err);
    enum error_code code = path != NULL ? store_check(path, take_finding, d, &err) : err.code;
    if (d->options->history.repair && code == ERR_CORRUPT)
        repair(d, path);
    else if (code == ERR_CORRUPT)
        say(d, false, "palaver doctor --repair puts it aside and saves what can be read into a new one");
    else if (d->options->history.repair)
        say(d, code == ERR_NONE, "--repair is for a damaged database: nothing was done");
    free(path);
}

int doctor_run(const struct options *o)
{
    struct doctor d = {.options = o, .findings = o->json ? json_array() : NULL};
    show_init(&d.show, o, stdout);
    check_database(&d);
    check_folders(&d);
    check_models(&d);
    check_configuration(&d);
    check_terminal(&d);
    if (o->json)
        json_print(stdout, json_pack("{s:b, s:o}", "good", d.problems == 0, "findings", d.findings));
    show_free(&d.show);
    return d.problems == 0 ? EXIT_ANSWER : EXIT_ERROR;
}
