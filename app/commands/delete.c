/* palaver delete: moves a conversation to the trash, and back with --undo. Nothing is destroyed, so no confirmation is
 * needed. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/library/caches.h"
#include "app/library/conversations.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

static enum error_code move_conversation(const struct options *o, struct store *s, const char *name, int64_t *id,
                                         struct error *err)
{
    if (!o->history.undo)
        return library_find(s, name, "palaver list", id, err) == ERR_NONE ? caches_delete(o, s, *id, err) : err->code;
    return library_find_deleted(s, name, id, err) == ERR_NONE ? store_restore(s, *id, err) : err->code;
}

static void show_moved(const struct options *o, const struct store_conversation *c)
{
    struct show show;
    struct buf line;
    if (o->json) {
        json_print(stdout, library_json(c));
        return;
    }
    show_init(&show, o, stdout);
    buf_init(&line, 1 << 16);
    buf_printf(&line, "%s: %s", c->public_id, c->title[0] != '\0' ? c->title : "(untitled)");
    library_print(&show, &line);
    if (o->history.undo)
        show_note(&show, "restored");
    else
        show_note(&show, "moved to the trash; palaver delete --undo %s brings it back", c->public_id);
    buf_free(&line);
    show_free(&show);
}

int delete_run(const struct options *o)
{
    struct error err = {0};
    struct store_conversation c = {0};
    int64_t id = 0;
    char *name = library_words(o->words, o->n_words, &err);
    if (name != NULL && o->n_words == 0)
        error_set(&err, ERR_ARGUMENT, "which conversation? palaver delete ID or TITLE; palaver list shows them");
    struct store *s = err.code == ERR_NONE ? library_open(o, LIBRARY_CHANGE, &err) : NULL;
    if (s != NULL && move_conversation(o, s, name, &id, &err) == ERR_NONE &&
        store_conversation_get(s, id, &c, &err) == ERR_NONE)
        show_moved(o, &c);
    store_conversation_free(&c);
    store_close(s);
    free(name);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
