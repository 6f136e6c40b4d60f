/* palaver doctor: checks the database, the models, memory, the terminal and the configuration, and tells what to do about
 * what is wrong. -m MODEL tries that model out and tells what it takes of memory. Changes nothing; --repair saves what can be read of a damaged database. */
#include <config.h>

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "app/chat/footprint.h"
#include "app/chat/models.h"
#include "app/chat/pace.h"
#include "app/chat/shelf.h"
#include "app/commands/commands.h"
#include "app/commands/trial.h"
#include "app/library/caches.h"
#include "app/library/conversations.h"
#include "app/meaning/meaning.h"
#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/terminal/columns.h"
#include "app/terminal/show.h"
#include "app/terminal/term.h"
#include "app/text/jsonl.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "history/history.h"

struct doctor {
    const struct options *options;
    struct show show;
    const char *area; /* what is being checked */
    json_t *findings; /* with --json */
    int problems;
};

static void add_finding(struct doctor *d, bool good, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add_finding(struct doctor *d, bool good, const char *format, ...)
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
        add_finding(d, false, "%s; every other command stops at this, correct it there", err.message);
    char *path = paths_join(d->options->paths.config_dir, "config");
    bool there = path != NULL && access(path, F_OK) == 0;
    if (err.code == ERR_NONE)
        add_finding(d, true, "%s: %s", path != NULL ? path : "config",
                    there ? "read" : "does not exist, which is fine");
    free(path);
    options_free(&chat);
}

/* A folder that does not exist yet: can it be made in the nearest one above it that does? */
static void check_parent(struct doctor *d, const char *path)
{
    char *parent = strdup(path);
    for (char *slash; parent != NULL && access(parent, F_OK) != 0 && (slash = strrchr(parent, '/')) != NULL;)
        slash[slash == parent] = '\0';
    if (parent == NULL || access(parent, W_OK | X_OK) == 0)
        add_finding(d, true, "%s: does not exist yet; made when needed", path);
    else
        add_finding(d, false, "%s: can't be made: you can't write to %s; chmod u+rwx it, or set HOME", path, parent);
    free(parent);
}

static void check_folder(struct doctor *d, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 && errno == ENOENT)
        check_parent(d, path);
    else if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        add_finding(d, false, "%s: not a folder; move it away", path);
    else if (access(path, R_OK | W_OK | X_OK) != 0)
        add_finding(d, false, "%s: you can't write to it; chmod u+rwx it, or chown it", path);
    else
        add_finding(d, true, "%s: can be written", path);
}

static void check_folders(struct doctor *d)
{
    const struct paths *p = &d->options->paths;
    const char *const folders[] = {p->data_dir, p->cache_dir, p->state_dir};
    d->area = "folders";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        check_folder(d, folders[i]);
}

/* ---- what is saved of conversations ------------------------------------------------------------------------------ */

static void tell_saved(struct doctor *d, const char *folder)
{
    const struct saved_report r = session_check_saved(folder);
    char bytes[32], most[32];
    footprint_bytes(r.bytes, bytes);
    footprint_bytes(caches_most(d->options), most);
    add_finding(d, true, "%s: %s of at most %s, for %zu conversation%s", folder, bytes, most, r.files,
                r.files == 1 ? "" : "s");
    if (r.damaged > 0)
        add_finding(d, true, "%zu of them %s cut off or damaged; what is missing is read anew, which only takes longer",
                    r.damaged, r.damaged == 1 ? "is" : "are");
}

/* Room that a disk should have beyond what a cache takes of it. */
static void check_disk(struct doctor *d, const char *folder)
{
    const uint64_t room = folder_room(folder);
    char text[32];
    if (room > (uint64_t)1 << 29)
        return;
    add_finding(d, false, "%s: the disk has %s left, too little to save more; make room, or set --cache-disk 0", folder,
                footprint_bytes(room, text));
}

static void check_saved(struct doctor *d)
{
    char *folder = caches_folder(d->options);
    d->area = "caches";
    if (folder == NULL) {
        add_finding(d, true, "what the model has read of conversations is not saved");
        return;
    }
    tell_saved(d, folder);
    check_disk(d, folder);
    free(folder);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void tell_model(struct doctor *d, const char *name, const struct model *model, const struct shelf *shelf)
{
    const struct options *o = d->options;
    const struct session_options options = {.context = o->context,
                                            .threads = o->threads,
                                            .exact = o->exact,
                                            .cache = (enum cache_type)o->cache_type};
    struct memory_plan plan;
    char size[32], parameters[32], speed[PACE_TEXT] = "";
    const struct shelf_row *row = shelf_find(shelf, model_info(model)->path);
    if (row != NULL)
        pace_text(shelf_rate(shelf, row), speed);
    model_plan(model, &options, options_load(o), false, &plan);
    add_finding(d, true, "%s: %s, %s parameters, %s of memory%s%s%s", name, model_info(model)->type,
                footprint_parameters(model_info(model)->parameters, parameters),
                footprint_bytes(memory_plan_sum(&plan), size), *speed != '\0' ? ", " : "", speed,
                plan.verdict == PLAN_FITS      ? ""
                : plan.verdict == PLAN_STREAMS ? ": more than there is, runs from disk"
                                               : ": more than there is");
}

static void check_model(struct doctor *d, const char *name, const struct shelf *shelf)
{
    struct error err = {0};
    char *path = models_find_name(d->options, name, &err);
    struct model *model = path != NULL ? model_open(path, NULL, &err) : NULL;
    if (model != NULL)
        tell_model(d, name, model, shelf);
    else
        add_finding(d, false, "%s", err.message);
    model_free(model);
    free(path);
}

static void check_models(struct doctor *d)
{
    struct error err = {0}, ignored = {0}; /* each model is looked into once more, and what is wrong with it told */
    struct shelf shelf;
    d->area = "models";
    shelf_init(&shelf);
    shelf_add_all(&shelf, d->options, &ignored);
    if (shelf.n > 0)
        shelf_recall(&shelf, d->options);
    char **names = models_list(d->options);
    for (char **name = names; name != NULL && *name != NULL; name++)
        check_model(d, *name, &shelf);
    models_free_list(names);
    shelf_free(&shelf);
    char *chosen = models_find(d->options, &err);
    if (chosen != NULL && access(chosen, R_OK) == 0)
        add_finding(d, true, "used without -m: %s", chosen);
    else if (chosen != NULL)
        add_finding(d, false, "%s: %s; it is named by PALAVER_MODEL or the config file", chosen, strerror(errno));
    else
        add_finding(d, false, "%s", err.message);
    free(chosen);
}

/* How far the history is read for search by meaning; being without an encoder is fine. */
static void check_meaning(struct doctor *d)
{
    struct meaning_state state;
    char text[700];
    d->area = "meaning";
    meaning_state_of(d->options, &state);
    meaning_describe(&state, text, sizeof text);
    add_finding(d, state.kind != MEANING_TROUBLE, "%s", text);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void take_finding(void *context, bool good, const char *line)
{
    add_finding(context, good, "%s", line);
}

/* With -m: loading a model takes too long to be done unasked. */
static void check_memory(struct doctor *d)
{
    struct memory memory;
    char available[32], total[32];
    d->area = "memory";
    if (!memory_read("", &memory))
        add_finding(d, true, "the system does not say how much there is");
    else
        add_finding(d, true, "%s of %s%s are available", footprint_bytes(memory.available, available),
                    footprint_bytes(memory.total, total), memory.limited ? " (the limit of a control group)" : "");
    if (options_source(d->options, "model") == SOURCE_FLAG)
        trial_run(d->options, take_finding, d);
}

/* ---- terminal --------------------------------------------------------------------------------------------------- */

static void check_terminal(struct doctor *d)
{
    const char *term = getenv("TERM"), *codes = nl_langinfo(CODESET);
    bool named = term != NULL && *term != '\0';
    d->area = "terminal";
    if (!isatty(STDOUT_FILENO))
        add_finding(d, true, "standard output is not a terminal: text only, never cut");
    else if (!named || strcmp(term, "dumb") == 0)
        add_finding(d, true, "TERM is %s: line mode, no colours", named ? term : "not set");
    else if (term_kind() == TERM_KIND_UNKNOWN)
        add_finding(
            d, false,
            "TERM is %s, which terminfo does not know: line mode, no colours; install its entry, or set TERM to one "
            "like it, e.g. xterm-256color",
            term);
    else
        add_finding(d, true, "TERM is %s, %d columns, %d rows", term, columns_of(stdout), columns_rows(stdout));
    if (strcmp(codes, "UTF-8") == 0)
        add_finding(d, true, "the locale is UTF-8");
    else
        add_finding(d, false,
                    "the locale is %s, in which only ASCII can be typed; set LANG to a UTF-8 one of `locale -a`",
                    codes);
}

/* ---- database --------------------------------------------------------------------------------------------------- */

static void repair_database(struct doctor *d, const char *path)
{
    struct store_recovery r;
    struct error err = {0};
    if (store_recover(path, &r, &err) != ERR_NONE) {
        add_finding(d, false, "%s", err.message);
        return;
    }
    d->problems = 0; /* they were those of the file that is set aside now */
    add_finding(d, true,
                "repaired: conversations saved: %zu, messages: %zu, rows that could not be read or belonged to "
                "nothing: %zu",
                r.conversations, r.messages, r.damaged);
    add_finding(d, true, "the damaged file is now %s; delete it if nothing is missing", r.set_aside);
}

static void check_database(struct doctor *d)
{
    struct error err = {0};
    d->area = "database";
    char *path = library_path(d->options, &err);
    enum error_code code = path != NULL ? store_check(path, take_finding, d, &err) : err.code;
    if (d->options->history.repair && code == ERR_CORRUPT)
        repair_database(d, path);
    else if (code == ERR_CORRUPT)
        add_finding(d, false, "palaver doctor --repair sets it aside and saves what can be read into a new one");
    else if (d->options->history.repair)
        add_finding(d, code == ERR_NONE, "--repair is for a damaged database: nothing was changed");
    free(path);
}

int doctor_run(const struct options *o)
{
    struct doctor d = {.options = o, .findings = o->json ? json_array() : NULL};
    show_init(&d.show, o, stdout);
    check_database(&d);
    check_folders(&d);
    check_saved(&d);
    check_models(&d);
    check_meaning(&d);
    check_memory(&d);
    check_configuration(&d);
    check_terminal(&d);
    if (o->json)
        json_print(stdout, json_pack("{s:b, s:o}", "good", d.problems == 0, "findings", d.findings));
    show_free(&d.show);
    return d.problems == 0 ? EXIT_ANSWER : EXIT_ERROR;
}
