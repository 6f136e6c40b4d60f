/* Caches: names and places; the engine writes them. */
#include <config.h>

#include "app/library/caches.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

char *caches_folder(const struct options *o)
{
    return o->cache_disk > 0 && !o->no_save ? paths_join(o->paths.cache_dir, "sessions") : NULL;
}

uint64_t caches_most(const struct options *o)
{
    return (uint64_t)o->cache_disk << 20;
}

bool caches_name(struct store *s, int64_t conversation, char out[STORE_ID_SIZE])
{
    struct store_conversation c = {0};
    struct error ignored = {0}; /* then it is not saved */
    if (conversation == 0 || store_conversation_get(s, conversation, &c, &ignored) != ERR_NONE)
        return false;
    const bool lasting = c.trashed == 0;
    snprintf(out, STORE_ID_SIZE, "%s", c.public_id);
    store_conversation_free(&c);
    return lasting;
}

/* Also where nothing is saved any more: it may have been. */
enum error_code caches_delete(const struct options *o, struct store *s, int64_t conversation, struct error *err)
{
    char name[STORE_ID_SIZE];
    const bool known = caches_name(s, conversation, name);
    if (store_delete(s, conversation, err) != ERR_NONE)
        return err->code;
    char *folder = known ? paths_join(o->paths.cache_dir, "sessions") : NULL;
    if (folder != NULL)
        session_forget_saved(folder, name);
    free(folder);
    return ERR_NONE;
}
