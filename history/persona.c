/* Personas and presets: named sets that people come back to. A few dozen are expected. */
#include <config.h>

#include "history/db.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 100

/* The name as it is kept, malloc'ed. */
static enum error_code clean_name(struct store *s, const char *name, char **out, struct error *err)
{
    *out = text_title(name, strlen(name), NAME_MAX_BYTES);
    if (*out == NULL)
        return db_memory(s, err);
    if ((*out)[0] != '\0')
        return ERR_NONE;
    free(*out);
    *out = NULL;
    return s->failure = error_set(err, ERR_ARGUMENT, "a name is needed");
}

/* Settings that may be absent, in their compact form. */
static enum error_code compact(const char *settings, char **out, struct error *err)
{
    *out = NULL;
    return settings == NULL ? ERR_NONE : text_settings(settings, out, err);
}

static enum error_code none_of_that_name(struct store *s, const char *kind, const char *name, struct error *err)
{
    return s->failure = error_set(err, ERR_NOT_FOUND, "there is no %s \"%s\"", kind, name);
}

/* Runs one DELETE by name. */
static enum error_code delete_named(struct store *s, const char *sql, const char *kind, const char *name,
                                    struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err, sql, "z", name);
    if (code == ERR_NONE && db_changes(s) == 0)
        code = none_of_that_name(s, kind, name, err);
    return txn_end(s, code, err);
}

/* ---- personas --------------------------------------------------------------------------------------------------- */

static enum error_code put_persona(struct store *s, const char *name, const char *settings,
                                   const struct store_persona *p, const char *system, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err,
                  "INSERT INTO persona (name, system, settings, model, template) VALUES (?, ?, ?, ?, ?) "
                  "ON CONFLICT (name) DO UPDATE SET name = excluded.name, system = excluded.system, "
                  "settings = excluded.settings, model = excluded.model, template = excluded.template",
                  "zzzzz", name, system, settings, p->model, p->template_name);
    return txn_end(s, code, err);
}

enum error_code store_persona_put(struct store *s, const struct store_persona *p, struct error *err)
{
    char *name = NULL, *settings = NULL;
    struct buf system = {0};
    enum error_code code = clean_name(s, p->name, &name, err);
    if (code == ERR_NONE)
        code = compact(p->settings, &settings, err);
    if (code == ERR_NONE && p->system != NULL)
        code = text_check(p->system, strlen(p->system), &system, err);
    if (code == ERR_NONE)
        code = put_persona(s, name, settings, p, p->system != NULL ? buf_text(&system) : NULL, err);
    free(name);
    free(settings);
    buf_free(&system);
    return code;
}

void store_persona_free(struct store_persona *p)
{
    free(p->name);
    free(p->system);
    free(p->settings);
    free(p->model);
    free(p->template_name);
    *p = (struct store_persona){0};
}

void store_personas_free(struct store_personas *list)
{
    for (size_t i = 0; i < list->n; i++)
        store_persona_free(&list->at[i]);
    free(list->at);
    *list = (struct store_personas){0};
}

/* Returns false for want of memory. */
static bool read_persona(sqlite3_stmt *q, struct store_persona *p)
{
    char **to[] = {&p->name, &p->system, &p->settings, &p->model, &p->template_name};
    *p = (struct store_persona){0};
    for (int i = 0; i < 5; i++)
        if ((*to[i] = db_text(q, i, NULL)) == NULL && sqlite3_column_type(q, i) != SQLITE_NULL)
            return false;
    return true;
}

enum error_code store_persona_get(struct store *s, const char *name, struct store_persona *out, struct error *err)
{
    sqlite3_stmt *q =
        db_query(s, err, "SELECT name, system, settings, model, template FROM persona WHERE name = ?", "z", name);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return none_of_that_name(s, "persona", name, err);
    struct store_persona p;
    bool enough = read_persona(q, &p);
    db_done(q);
    if (!enough) {
        store_persona_free(&p);
        return db_memory(s, err);
    }
    *out = p;
    return ERR_NONE;
}

enum error_code store_persona_delete(struct store *s, const char *name, struct error *err)
{
    return delete_named(s, "DELETE FROM persona WHERE name = ?", "persona", name, err);
}

enum error_code store_personas(struct store *s, struct store_personas *out, struct error *err)
{
    sqlite3_stmt *q =
        db_query(s, err, "SELECT name, system, settings, model, template FROM persona ORDER BY name", "");
    if (q == NULL)
        return s->failure;
    struct store_personas list = {0};
    enum error_code code = ERR_NONE;
    int row;
    while (code == ERR_NONE && (row = db_row(s, q, err)) != 0) {
        struct store_persona *more = row < 0 ? NULL : realloc(list.at, (list.n + 1) * sizeof *more);
        if (more != NULL)
            list.at = more;
        if (row < 0)
            code = s->failure;
        else if (more == NULL || !read_persona(q, &list.at[list.n++]))
            code = db_memory(s, err);
    }
    db_done(q);
    if (code == ERR_NONE)
        *out = list;
    else
        store_personas_free(&list);
    return code;
}

/* ---- presets ---------------------------------------------------------------------------------------------------- */

enum error_code store_preset_put(struct store *s, const char *name, const char *settings, struct error *err)
{
    char *clean = NULL, *object = NULL;
    enum error_code code = clean_name(s, name, &clean, err);
    if (code == ERR_NONE)
        code = text_settings(settings, &object, err);
    if (code == ERR_NONE && (code = txn_write(s, err)) == ERR_NONE)
        code = txn_end(s,
                       db_run(s, err,
                              "INSERT INTO preset (name, settings) VALUES (?, ?) "
                              "ON CONFLICT (name) DO UPDATE SET name = excluded.name, settings = excluded.settings",
                              "zz", clean, object),
                       err);
    free(clean);
    free(object);
    return code;
}

enum error_code store_preset_get(struct store *s, const char *name, char **settings, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT settings FROM preset WHERE name = ?", "z", name);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    if (row == 0)
        return none_of_that_name(s, "preset", name, err);
    char *found = db_text(q, 0, NULL);
    db_done(q);
    if (found == NULL)
        return db_memory(s, err);
    *settings = found;
    return ERR_NONE;
}

enum error_code store_preset_delete(struct store *s, const char *name, struct error *err)
{
    return delete_named(s, "DELETE FROM preset WHERE name = ?", "preset", name, err);
}

void store_presets_free(struct store_presets *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->at[i].name);
        free(list->at[i].settings);
    }
    free(list->at);
    *list = (struct store_presets){0};
}

enum error_code store_presets(struct store *s, struct store_presets *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT name, settings FROM preset ORDER BY name", "");
    if (q == NULL)
        return s->failure;
    struct store_presets list = {0};
    enum error_code code = ERR_NONE;
    int row;
    while (code == ERR_NONE && (row = db_row(s, q, err)) != 0) {
        struct store_preset *more = row < 0 ? NULL : realloc(list.at, (list.n + 1) * sizeof *more);
        if (more != NULL) {
            list.at = more;
            list.at[list.n++] = (struct store_preset){db_text(q, 0, NULL), db_text(q, 1, NULL)};
        }
        if (row < 0)
            code = s->failure;
        else if (more == NULL || list.at[list.n - 1].name == NULL || list.at[list.n - 1].settings == NULL)
            code = db_memory(s, err);
    }
    db_done(q);
    if (code == ERR_NONE)
        *out = list;
    else
        store_presets_free(&list);
    return code;
}
