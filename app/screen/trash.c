/* Trash: the history keeps what is deleted; here is only what u means. */
#include <config.h>

#include "app/screen/trash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/caches.h"
#include "app/library/home.h"
#include "history/history.h"

struct screen_trash {
    int64_t message; /* deleted last; 0: it was none */
    int64_t *ids;    /* conversations deleted last; there is a message or there are some of these */
    size_t n;
};

struct screen_trash *screen_trash_new(void)
{
    return calloc(1, sizeof(struct screen_trash));
}

void screen_trash_free(struct screen_trash *trash)
{
    if (trash != NULL)
        free(trash->ids);
    free(trash);
}

static void forget_deleted(struct screen_trash *trash)
{
    free(trash->ids);
    *trash = (struct screen_trash){0};
}

enum error_code screen_trash_delete_message(struct screen *s, size_t index, struct error *err)
{
    int64_t message;
    if (chat_delete(s->repl.chat, index, &message, err) != ERR_NONE)
        return err->code;
    forget_deleted(s->trash);
    s->trash->message = message;
    return ERR_NONE;
}

static bool is_among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static enum error_code delete_all(const struct options *o, struct store *library, const int64_t *ids, size_t n,
                                  struct error *err)
{
    struct error ignored = {0};
    if (store_begin(library, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        caches_delete(o, library, ids[i], err);
    store_end(library, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    return err->code;
}

enum error_code screen_trash_delete(struct screen *s, const int64_t *ids, size_t n, struct error *err)
{
    const struct home *home = chat_home(s->repl.chat);
    struct store *library = home_library(chat_home(s->repl.chat), err);
    int64_t *copy = malloc(n * sizeof *copy);
    if (library == NULL || copy == NULL) {
        free(copy);
        return library == NULL ? err->code : error_memory(err);
    }
    memcpy(copy, ids, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        chat_check_still(s->repl.chat, copy[i], err);
    if (err->code == ERR_NONE && !home_is_temporary(home) && is_among(copy, n, home_conversation(home)))
        chat_new(s->repl.chat, false, err);
    if (err->code == ERR_NONE && delete_all(s->repl.options, library, copy, n, err) == ERR_NONE) {
        forget_deleted(s->trash);
        s->trash->ids = copy;
        s->trash->n = n;
        return ERR_NONE;
    }
    free(copy);
    return err->code;
}

static enum error_code restore_conversations(struct screen *s, struct error *err)
{
    struct screen_trash *trash = s->trash;
    struct store *library = home_library(chat_home(s->repl.chat), err);
    for (size_t i = 0; i < trash->n && err->code == ERR_NONE; i++)
        store_restore(library, trash->ids[i], err);
    if (err->code == ERR_NONE && trash->n == 1)
        chat_open_conversation(s->repl.chat, trash->ids[0], err);
    return err->code;
}

enum error_code screen_trash_restore(struct screen *s, struct error *err)
{
    struct screen_trash *trash = s->trash;
    if (trash->n > 0)
        restore_conversations(s, err);
    else if (trash->message != 0)
        chat_restore(s->repl.chat, trash->message, err);
    else
        return error_set(err, ERR_NOT_FOUND, "nothing was deleted; /trash lists what was deleted before");
    forget_deleted(trash);
    return err->code;
}
