/* Shelf: opening what lies there, one after another; each takes some milliseconds. */
#include <config.h>

#include "app/chat/shelf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/chat/models.h"
#include "base/error.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "history/history.h"

enum { CONTEXT_USUAL = 4096 };

void shelf_init(struct shelf *s)
{
    struct memory memory;
    *s = (struct shelf){.memory = memory_read("", &memory) ? memory.total : 0};
}

void shelf_free(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->at[i].name);
        free(s->at[i].path);
        free(s->at[i].problem);
    }
    free(s->at);
    *s = (struct shelf){0};
}

const char *shelf_fit_text(enum shelf_fit fit)
{
    static const char *const texts[] = {[SHELF_FITS] = "yes", [SHELF_TIGHT] = "tight", [SHELF_LARGER] = "no"};
    return texts[fit];
}

enum shelf_fit shelf_fit(uint64_t needed, uint64_t memory)
{
    if (needed > memory)
        return SHELF_LARGER;
    return needed > memory - memory / 4 ? SHELF_TIGHT : SHELF_FITS;
}

/* What a message says after the name of the file, which the row has already. */
static const char *without_path(const char *message, const char *path)
{
    const size_t n = strlen(path);
    return strncmp(message, path, n) == 0 && strncmp(message + n, ": ", 2) == 0 ? message + n + 2 : message;
}

static enum error_code row_fill(struct shelf_row *row, const struct shelf *s, const struct options *o,
                                struct error *err)
{
    struct stat st;
    struct error why = {0};
    struct model *model = model_open(row->path, NULL, &why);
    if (model == NULL) {
        row->bytes = stat(row->path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        row->problem = strdup(without_path(why.message, row->path));
        return row->problem != NULL ? ERR_NONE : error_memory(err);
    }
    const struct model_info *info = model_info(model);
    snprintf(row->format, sizeof row->format, "%s", info->format);
    snprintf(row->type, sizeof row->type, "%s", info->type);
    snprintf(row->architecture, sizeof row->architecture, "%s", info->architecture);
    row->bytes = info->file_bytes;
    row->context = info->context;
    row->used_context = o->context > 0 ? o->context : info->context < CONTEXT_USUAL ? info->context : CONTEXT_USUAL;
    const struct session_options session = {.context = row->used_context,
                                            .threads = o->threads,
                                            .exact = o->exact,
                                            .cache = (enum cache_type)o->cache_type};
    struct memory_plan plan;
    model_plan(model, &session, LOAD_AS_IS, false, &plan);
    row->weights = plan.weights;
    row->fingerprint = info->fingerprint;
    row->encoder = info->encoder;
    row->memory = plan.weights + plan.lookup + plan.cache + plan.buffers;
    row->fit = shelf_fit(row->memory, s->memory);
    model_free(model);
    return ERR_NONE;
}

enum error_code shelf_add(struct shelf *s, const struct options *o, const char *path, const char *name,
                          struct error *err)
{
    struct shelf_row *more = realloc(s->at, (s->n + 1) * sizeof *more);
    if (more == NULL)
        return error_memory(err);
    s->at = more;
    struct shelf_row *row = &s->at[s->n++];
    *row = (struct shelf_row){.name = strdup(name), .path = strdup(path)};
    if (row->name == NULL || row->path == NULL)
        return error_memory(err);
    return row_fill(row, s, o, err);
}

enum error_code shelf_add_folder(struct shelf *s, const struct options *o, const char *folder, struct error *err)
{
    if (models_is_file(folder))
        return shelf_add(s, o, folder, folder, err);
    char **names = models_in(folder);
    if (names == NULL)
        return error_memory(err);
    for (char **name = names; *name != NULL && err->code == ERR_NONE; name++) {
        char *path = paths_join(folder, *name);
        if (path == NULL)
            error_memory(err);
        else
            shelf_add(s, o, path, *name, err);
        free(path);
    }
    models_free_list(names);
    return err->code;
}

const struct shelf_row *shelf_find(const struct shelf *s, const char *path)
{
    struct stat a, b;
    if (stat(path, &a) != 0)
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        if (stat(s->at[i].path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev)
            return &s->at[i];
    return NULL;
}

enum error_code shelf_add_all(struct shelf *s, const struct options *o, struct error *err)
{
    char *folder = paths_join(o->paths.data_dir, "models");
    if (folder == NULL)
        return error_memory(err);
    shelf_add_folder(s, o, folder, err);
    free(folder);
    char *named = err->code == ERR_NONE && o->model != NULL ? models_find(o, NULL) : NULL;
    if (named != NULL && shelf_find(s, named) == NULL)
        shelf_add(s, o, named, o->model, err);
    free(named);
    return err->code;
}

/* ---- speed ------------------------------------------------------------------------------------------------------ */

static void recall_row(struct shelf *s, struct store *history, struct shelf_row *row)
{
    struct error ignored = {0}; /* then it counts as one that never ran */
    if (row->problem != NULL || row->encoder ||
        store_pace(history, row->fingerprint, &row->measured, &ignored) != ERR_NONE)
        return;
    pace_learn(&s->pace, row->weights, row->measured);
}

void shelf_recall(struct shelf *s, const struct options *o)
{
    struct error ignored = {0};
    char *path = paths_join(o->paths.data_dir, "history.db");
    struct store *history = NULL;
    pace_measure(&s->pace);
    if (path != NULL && access(path, R_OK) == 0)
        history = store_open(path, &(struct store_options){.read_only = true}, &ignored);
    for (size_t i = 0; history != NULL && i < s->n; i++)
        recall_row(s, history, &s->at[i]);
    store_close(history);
    free(path);
}

struct pace_rate shelf_rate(const struct shelf *s, const struct shelf_row *row)
{
    if (row->problem != NULL || row->encoder || row->fit == SHELF_LARGER)
        return (struct pace_rate){PACE_UNKNOWN, 0};
    return pace_rate(&s->pace, row->weights, row->measured);
}
