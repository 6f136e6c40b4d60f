/* Named things: their names, and deleting by name. */
#include <config.h>

#include "history/named.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "history/db.h"
#include "history/store.h"
#include "history/text.h"

#define NAME_BYTES_MAX 100

enum error_code named_clean(struct store *s, const char *name, char **out, struct error *err)
{
    char *clean = text_title(name, strlen(name), NAME_BYTES_MAX);
    if (clean == NULL)
        return db_memory(s, err);
    if (clean[0] == '\0') {
        free(clean);
        return db_refuse(s, ERR_ARGUMENT, err, "a name is needed");
    }
    *out = clean;
    return ERR_NONE;
}

enum error_code named_missing(struct store *s, const char *kind, const char *name, struct error *err)
{
    return db_refuse(s, ERR_NOT_FOUND, err, "there is no %s \"%s\"", kind, name);
}

enum error_code named_delete(struct store *s, const char *sql, const char *kind, const char *name, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err, sql, "z", name);
    if (code == ERR_NONE && db_changes(s) == 0)
        code = named_missing(s, kind, name, err);
    return txn_end(s, code, err);
}
