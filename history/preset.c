/* Presets: sampling settings under a name. A few dozen are expected. */
#include <config.h>

#include <stdlib.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/named.h"
#include "history/store.h"
#include "history/text.h"

enum error_code store_preset_put(struct store *s, const char *name, const char *settings, struct error *err)
{
    char *clean = NULL, *object = NULL;
    enum error_code code = named_clean(s, name, &clean, err);
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
        return named_missing(s, "preset", name, err);
    char *found = db_text(q, 0, NULL);
    db_done(q);
    if (found == NULL)
        return db_memory(s, err);
    *settings = found;
    return ERR_NONE;
}

enum error_code store_preset_delete(struct store *s, const char *name, struct error *err)
{
    return named_delete(s, "DELETE FROM preset WHERE name = ?", "preset", name, err);
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
