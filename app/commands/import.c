/* palaver import: conversations from files, all of them or none. */
#include <config.h>

#include <stdio.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

static void print_imported(const struct store_import_report *sum, const struct store_conversation *first)
{
    struct buf text;
    buf_init(&text, 4096);
    library_import_tell(sum, &text);
    if (first->title != NULL)
        buf_printf(&text, "; palaver show %s shows %s", first->public_id, sum->conversations == 1 ? "it" : "the first");
    safe_printf(stdout, "%s\n", buf_text(&text));
    buf_free(&text);
}

static json_t *report_value(const struct store_import_report *sum, const char *first)
{
    json_t *o = json_pack("{s:I, s:I, s:I}", "conversations", (json_int_t)sum->conversations, "messages",
                          (json_int_t)sum->messages, "known", (json_int_t)sum->known);
    for (int i = 0; i < STORE_IMPORT_ODDITIES; i++)
        json_object_set_new(o, store_import_oddity_name((enum store_import_oddity)i),
                            json_integer((json_int_t)sum->odd[i]));
    json_object_set_new(o, "first", first != NULL ? json_string(first) : json_null());
    return o;
}

int import_run(const struct options *o)
{
    struct error err = {0};
    struct store_import_report sum = {0};
    struct store_conversation first = {0};
    if (o->n_words == 0)
        error_set(&err, ERR_ARGUMENT, "which file? palaver import FILE...; - is standard input");
    struct store *s = err.code == ERR_NONE ? library_open(o, LIBRARY_ADD, &err) : NULL;
    if (s != NULL && library_import(s, o->words, (size_t)o->n_words, &sum, &err) == ERR_NONE && sum.first != 0)
        store_conversation_get(s, sum.first, &first, &err);
    if (err.code == ERR_NONE && o->json)
        json_print(stdout, report_value(&sum, first.title != NULL ? first.public_id : NULL));
    else if (err.code == ERR_NONE)
        print_imported(&sum, &first);
    store_conversation_free(&first);
    store_close(s);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
