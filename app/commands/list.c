/* palaver list: the saved conversations, the pinned ones first, then the newest. */
#include <config.h>

#include <stddef.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* ID  DATE  MESSAGES  TITLE */
static void print_row(struct show *show, const struct store_conversation *c)
{
    char when[LIBRARY_TIME_SIZE];
    struct buf row;
    buf_init(&row, 1 << 16);
    library_time(c->trashed != 0 ? c->trashed : c->changed, when);
    buf_printf(&row, "%s  %s %5d  ", c->public_id, when, (int)c->length);
    library_title(c, &row);
    library_print(show, &row);
    buf_free(&row);
}

static void show_empty(struct show *show, const struct options *o)
{
    if (o->history.trash)
        show_note(show, "the trash is empty");
    else if (o->history.archived)
        show_note(show, "no conversation is archived");
    else if (o->history.tag != NULL)
        show_note(show, "no conversation has the tag %s", o->history.tag);
    else
        show_note(show, "no conversations yet; palaver begins one");
}

static void print_all(const struct options *o, const struct store_conversations *list)
{
    struct show show;
    show_init(&show, o, stdout);
    for (size_t i = 0; i < list->n; i++)
        print_row(&show, &list->at[i]);
    if (list->n == 0)
        show_empty(&show, o);
    show_free(&show);
}

static void print_json(const struct store_conversations *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(array, library_json(&list->at[i]));
    json_print(stdout, json_pack("{s:o, s:I}", "conversations", array, "total", (json_int_t)list->total));
}

int list_run(const struct options *o)
{
    struct error err = {0};
    struct store_conversations list = {0};
    const struct store_list_query query = {
        .view = o->history.trash      ? STORE_VIEW_TRASH
                : o->history.archived ? STORE_VIEW_ARCHIVED
                                      : STORE_VIEW_CURRENT,
        .tag = o->history.tag,
        .limit = (size_t)o->history.limit,
    };
    if (o->history.trash && o->history.archived)
        error_set(&err, ERR_ARGUMENT, "--trash and --archived are different lists; give only one of them");
    struct store *s = err.code == ERR_NONE ? library_open(o, LIBRARY_READ, &err) : NULL;
    if (s != NULL && store_list(s, &query, &list, &err) == ERR_NONE) {
        if (o->json)
            print_json(&list);
        else
            print_all(o, &list);
    }
    store_conversations_free(&list);
    store_close(s);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
