/* Personas: a system prompt with a model, a template and settings, under a name. A few dozen are expected. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/named.h"
#include "history/store.h"
#include "history/text.h"

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
    enum error_code code = named_clean(s, p->name, &name, err);
    if (code == ERR_NONE)
        code = p->settings != NULL ? text_settings(p->settings, &settings, err) : ERR_NONE;
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

/* False when out of memory. */
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
        return named_missing(s, "persona", name, err);
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
    return named_delete(s, "DELETE FROM persona WHERE name = ?", "persona", name, err);
}

enum error_code store_personas(struct store *s, struct store_personas *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT name, system, settings, model, template FROM persona ORDER BY name", "");
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
